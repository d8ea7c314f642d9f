#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/serving.hpp"
#include "driver/sweeper.hpp"

namespace keyshift::driver {

/// One run's sweep.
struct RunSweep {
  std::string run;  ///< its id
  SweepProgress progress;
};

/// The sweeps of a proxy that follows the control record: one sweeper for each run whose records move, under each
/// change anew. turn() and stop() are called by one thread, progress() by any.
class SweepSwitch {
 public:
  /// `base`: upstream, name of the process, when to look again. The rest comes with each change.
  explicit SweepSwitch(SweeperOptions base) : base_(std::move(base)) {}

  /// Another change is acted on: the sweep under the one before ends behind what is in flight, and where records move
  /// another one begins at its checkpoint. A hold ends all.
  void turn(const control::Serving& serving);
  /// For good.
  void stop();

  /// Of the sweeps that are at work, in the order of the runs; none: nothing is to be swept.
  [[nodiscard]] std::vector<RunSweep> progress() const;

 private:
  struct Running {
    std::string run;
    std::unique_ptr<Sweeper> sweeper;
  };
  void begin(const control::Serving& serving, const control::ServedRun& run);
  void let_go();
  void forget_ended();

  SweeperOptions base_;
  control::ChangeId under_;
  mutable std::mutex mutex_;  ///< guards running_
  std::vector<Running> running_;
  std::vector<std::unique_ptr<Sweeper>> ending_;  ///< told to stop; destroyed once they have
};

}  // namespace keyshift::driver
