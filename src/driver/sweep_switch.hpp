#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "control/serving.hpp"
#include "driver/sweeper.hpp"

namespace keyshift::driver {

/// The sweep of a proxy that follows the control record: one sweeper for each change under which records move, none
/// under any other. turn() and stop() are called by one thread, progress() by any.
class SweepSwitch {
 public:
  /// `base`: upstream, name of the process, when to look again. The rest comes with each change.
  explicit SweepSwitch(SweeperOptions base) : base_(std::move(base)) {}

  /// Another change is acted on: the sweep under the one before ends behind what is in flight, and where records move
  /// another one begins at its checkpoint. A hold ends it.
  void turn(const control::Serving& serving);
  /// For good.
  void stop();

  /// Of the sweep that is at work; none: nothing is to be swept.
  [[nodiscard]] std::optional<SweepProgress> progress() const;

 private:
  void let_go();
  void forget_ended();

  SweeperOptions base_;
  control::ChangeId under_;
  mutable std::mutex mutex_;  ///< guards sweeper_
  std::unique_ptr<Sweeper> sweeper_;
  std::vector<std::unique_ptr<Sweeper>> ending_;  ///< told to stop; destroyed once they have
};

}  // namespace keyshift::driver
