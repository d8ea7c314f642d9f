#include "driver/sweep_switch.hpp"

namespace keyshift::driver {

void SweepSwitch::turn(const control::Serving& serving) {
  forget_ended();
  if (serving.change.id == under_) return;
  under_ = serving.change.id;
  let_go();
  const bool serves =
      serving.records == control::Serving::Records::serve && serving.carries == control::Carries::records;
  if (!serves || serving.rules == nullptr || !migration::moving(serving.mode)) return;
  SweeperOptions options = base_;
  options.rules = serving.rules;
  options.mode = serving.mode;
  options.run = serving.run;
  options.spec = serving.spec;
  if (serving.migration) options.sweep = serving.migration->sweep;
  options.change = serving.change;
  auto sweeper = Sweeper::start(std::move(options));
  if (!sweeper) return;  // a kind of upstream that the proxy itself refuses
  const std::lock_guard lock(mutex_);
  sweeper_ = std::move(*sweeper);
}

void SweepSwitch::stop() { let_go(); }

/// Waiting for its end here would keep the proxy from hearing of the next change.
void SweepSwitch::let_go() {
  const std::lock_guard lock(mutex_);
  if (!sweeper_) return;
  sweeper_->stop();
  ending_.push_back(std::move(sweeper_));
}

void SweepSwitch::forget_ended() {
  std::erase_if(ending_, [](const std::unique_ptr<Sweeper>& sweeper) { return sweeper->ended(); });
}

std::optional<SweepProgress> SweepSwitch::progress() const {
  const std::lock_guard lock(mutex_);
  if (!sweeper_) return std::nullopt;
  return sweeper_->progress();
}

}  // namespace keyshift::driver
