#include "driver/sweep_switch.hpp"

namespace keyshift::driver {

void SweepSwitch::turn(const control::Serving& serving) {
  forget_ended();
  if (serving.change.id == under_) return;
  under_ = serving.change.id;
  let_go();
  if (serving.records != control::Serving::Records::serve || serving.carries != control::Carries::records) return;
  for (const control::ServedRun& run : serving.runs)
    if (run.rules && run.refusal.empty() && migration::moving(run.mode)) begin(serving, run);
}

/// Each with a pace, a checkpoint and a key that says who sweeps, of its own.
void SweepSwitch::begin(const control::Serving& serving, const control::ServedRun& run) {
  SweeperOptions options = base_;
  options.rules = run.rules;
  options.mode = run.mode;
  options.run = run.id;
  options.spec = run.spec;
  if (run.migration) options.sweep = run.migration->sweep;
  options.change = serving.change;
  auto sweeper = Sweeper::start(std::move(options));
  if (!sweeper) return;  // a kind of upstream that the proxy itself refuses
  const std::lock_guard lock(mutex_);
  running_.push_back({run.id, std::move(*sweeper)});
}

void SweepSwitch::stop() { let_go(); }

/// Waiting for its end here would keep the proxy from hearing of the next change.
void SweepSwitch::let_go() {
  const std::lock_guard lock(mutex_);
  for (Running& one : running_) {
    one.sweeper->stop();
    ending_.push_back(std::move(one.sweeper));
  }
  running_.clear();
}

void SweepSwitch::forget_ended() {
  std::erase_if(ending_, [](const std::unique_ptr<Sweeper>& sweeper) { return sweeper->ended(); });
}

std::vector<RunSweep> SweepSwitch::progress() const {
  const std::lock_guard lock(mutex_);
  std::vector<RunSweep> out;
  for (const Running& one : running_) out.push_back({one.run, one.sweeper->progress()});
  return out;
}

}  // namespace keyshift::driver
