#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "control/change.hpp"
#include "driver/store_gate.hpp"
#include "migration/mode.hpp"
#include "migration/sweep_counts.hpp"
#include "migration/sweep_state.hpp"
#include "store/url.hpp"
#include "transforms/migration_file.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {

/// What a sweeper is told at its start; it stays as it is.
struct SweeperOptions {
  store::Url upstream;  ///< redis:// or unix://; other kinds are refused by start()
  std::shared_ptr<const transforms::RuleSet> rules;
  migration::Mode mode = migration::Mode::to_new;  ///< to_new or to_old; the other two have nothing to sweep
  transforms::Sweep sweep;                         ///< keys per second (0: unthrottled), server latency
  std::string run;                                 ///< name of the run (MigrationFile::name): part of reserved names
  std::string connection_name;  ///< CLIENT SETNAME of its connections; under `change` the name of the process alone
  /// The change of the control record that it sweeps under: its connection shows that change's name, it works only
  /// while the server's epoch key shows it, and it ends, as `stopped`, when that is another one. None: by hand.
  std::optional<control::Change> change;
  Bytes spec;                     ///< of the run under `change`: its hash, for the result of a clean pass
  std::optional<StoreGate> gate;  ///< asked on every connection that it makes; none: nothing
  Duration repeat_after{};        ///< 0: ends after its clean pass; else looks again after this time
};

/// What a sweep looks like from outside: a copy, taken at one moment. For /status, metrics, the terminal.
struct SweepProgress {
  migration::SweepState state = migration::SweepState::starting;
  migration::WaitReason waits = migration::WaitReason::none;  ///< why it is not at full speed right now
  std::string detail;        ///< a sentence for people: the refusal, the conflict, who else sweeps; may be empty
  bool refused = false;      ///< failed because a gate refused it: nothing was touched since
  std::uint32_t pass = 0;    ///< counted from 1; 0: none yet
  double pass_estimate = 0;  ///< 0 to 0.99: an ESTIMATE of how far this pass is; 1 only with clean_pass
  bool clean_pass = false;   ///< a whole pass found nothing to move, and every replica has it
  std::vector<migration::RuleCounts> by_rule;  ///< exact; in the order of RuleSet::rules()
  migration::RuleCounts total;
  std::vector<double>
      remaining_by_rule;      ///< records still to move; an ESTIMATE but for the 0 of a clean pass; < 0: unknown
  Time moved_before{};        ///< what was written on the side that records leave before this moment is moved; not set:
                              ///< unknown
  std::uint64_t scanned = 0;  ///< keys that SCAN has shown in all passes
  double keys_per_second = 0;             ///< moved, over the last seconds
  double allowed_keys_per_second = 0;     ///< what the throttle allows now; 0: no limit
  double server_latency_seconds = 0;      ///< smoothed round trip of the own PING
  std::vector<double> throttled_seconds;  ///< indexed by WaitReason: time spent waiting for each reason
  std::vector<std::string> conflicts;     ///< the first hundred: "rule: key (what was done)"
  std::uint64_t resumed_cursor = 0;       ///< cursor that a checkpoint gave back; 0: began anew
};

/// Sweeps the records of one server to the side that the mode wants: a thread of its own with its own io_context.
/// A sweep is nothing but moves that anyone may do at any time, so it may be stopped or killed at any point and begun
/// again: it goes on at its checkpoint. All calls may come from any thread.
class Sweeper {
 public:
  /// Error `usage` for a URL kind that is not served or a mode that does not move anything.
  static Result<void> check(const SweeperOptions& options);

  /// Checks, then starts the thread.
  /// An unreachable server is no error here: the sweeper keeps trying and says so in its progress.
  static Result<std::unique_ptr<Sweeper>> start(SweeperOptions options);

  /// Stops and waits for the thread (bounded by the time limit of a request).
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  /// A copy of where it stands; refreshed at least ten times a second while it works.
  [[nodiscard]] SweepProgress progress() const;

  /// True when it has ended: progress().state is done or failed. Never true while repeat_after is set.
  [[nodiscard]] bool ended() const;

  /// Waits until it has ended, at most `limit`; true when it has.
  bool wait(Duration limit) const;

  /// Pauses and resumes by hand; serving clients is not concerned.
  void pause();
  void resume();

  /// Ends the sweep behind what is in flight, with a last checkpoint. Idempotent; returns at once.
  void stop();

 private:
  struct Impl;
  explicit Sweeper(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyshift::driver
