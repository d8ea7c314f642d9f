#pragma once
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "migration/mode.hpp"
#include "transforms/migration_file.hpp"

namespace keyshift::migration {

/// Settles one record that exists under both names: the loser goes to a quarantine key, the winner ends where the mode
/// wants it, in one EXEC behind a WATCH of all names, so that nothing is overwritten and a crash leaves before or
/// after.
///
/// `source` is the name that records leave, `target` the one they go to. keep_new: the record under its new name wins;
/// keep_old: the one under its old name; stop: nothing is touched. Call next(), send, pass each reply to take(), until
/// next() gives nothing; then look at outcome().
class ConflictStep {
 public:
  enum class Outcome : std::uint8_t {
    open,       ///< not ended yet
    settled,    ///< the loser lies at quarantine()
    vanished,   ///< meanwhile one of both is not there any more: no conflict
    left,       ///< policy stop
    contended,  ///< clients changed the record each time; to be tried again by a later pass
    refused,    ///< the server refused: why() has its words
  };

  ConflictStep(Bytes source, Bytes target, Bytes run, Mode mode, transforms::Policy::Conflict policy);

  /// Appends the next commands to `out`; returns how many replies they get, 0 at the end.
  std::size_t next(Bytes& out);
  /// One whole reply, raw, in order.
  void take(BytesView reply);

  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
  [[nodiscard]] const Bytes& quarantine() const noexcept { return quarantine_; }
  [[nodiscard]] const Bytes& why() const noexcept { return why_; }
  [[nodiscard]] const Bytes& source() const noexcept { return source_; }
  [[nodiscard]] const Bytes& target() const noexcept { return target_; }

 private:
  enum class Stage : std::uint8_t { look, unwatch, multi, exec };
  std::size_t look(Bytes& out);
  std::size_t exec(Bytes& out);
  void looked();
  void executed(BytesView reply);
  void end(Outcome outcome) noexcept { ending_ = outcome; }

  Bytes source_, target_, run_, quarantine_, why_;
  bool source_loses_;
  bool stop_;
  Stage stage_ = Stage::look;
  Outcome outcome_ = Outcome::open;
  Outcome ending_ = Outcome::open;  ///< decided while a WATCH is still open: UNWATCH comes first
  std::size_t expected_ = 0, taken_ = 0;
  bool there_[3] = {};     ///< source, target, quarantine
  unsigned attempts_ = 0;  ///< EXECs that clients made void
  unsigned suffix_ = 0;    ///< of the quarantine name
};

}  // namespace keyshift::migration
