#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "migration/checkpoint.hpp"
#include "migration/mode.hpp"

namespace keyshift::migration {

/// Which life of which server: of INFO. A pass is only worth something within one of them.
struct ServerLife {
  std::string run_id;
  std::string master_replid;
  bool operator==(const ServerLife&) const = default;
};

/// Passes until a clean one, without I/O: which pass is next and from which cursor, and whether the sweep is over
/// (docs/protocol.md, "clean pass"): a pass from cursor 0 to 0 on one run_id and master_replid that met nothing to
/// move.
class SweepRun {
 public:
  SweepRun(std::string run, std::string rules, Mode mode)
      : run_(std::move(run)), rules_(std::move(rules)), mode_(mode) {}

  struct Pass {
    std::uint32_t number = 1;
    std::uint64_t cursor = 0;
  };
  /// The first pass on a server of this life; goes on at `checkpoint` when that is of this run, rules, direction and
  /// server process.
  Pass begin(const ServerLife& life, const std::optional<Checkpoint>& checkpoint);

  /// A new connection during a pass: the cursor to go on at; 0 (the pass starts again) in another life.
  std::uint64_t reconnected(const ServerLife& life, std::uint64_t cursor);

  /// The pass ended, having met something (`found_any`) or not, on a server that now has `life`. True: it was clean.
  bool ended(const ServerLife& life, bool found_any);

  /// The pass that follows one that was not clean.
  Pass again(const ServerLife& life);

  [[nodiscard]] std::uint32_t pass() const noexcept { return pass_; }
  [[nodiscard]] const ServerLife& life() const noexcept { return life_; }

 private:
  std::string run_, rules_;
  Mode mode_;
  std::uint32_t pass_ = 0;
  ServerLife life_;
  bool whole_ = false;  ///< this pass began at cursor 0 in life_, and no connection was lost since
};

}  // namespace keyshift::migration
