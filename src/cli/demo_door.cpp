#include "cli/demo_door.hpp"

namespace keyshift::cli::demo {
namespace {
constexpr auto home_every = seconds(1);
constexpr auto home_limit = milliseconds(100);
}  // namespace

Redis* Door::open() {
  const Time now = std::chrono::steady_clock::now();
  if (redis_ && at_ != home_ && now - home_tried_ > home_every) {
    home_tried_ = now;
    enter(home_, home_limit);
  }
  for (unsigned tried = 0; !redis_ && tried < proxies; ++tried) enter((home_ + tried) % proxies, home_limit);
  return redis_ ? &*redis_ : nullptr;
}

/// A stopped process is connected to by the kernel: only an answer shows that somebody is there.
bool Door::enter(unsigned number, milliseconds limit) {
  auto redis = Redis::connect(ports_[number], limit);
  if (!redis || !is_text(redis->ask({"PING"}).get(), "PONG") || !redis->wait_up_to(patience_)) return false;
  leave();
  redis_.emplace(std::move(*redis));
  at_ = number;
  counts_[at_].clients.fetch_add(1);
  return true;
}

void Door::leave() {
  if (!redis_) return;
  redis_.reset();
  counts_[at_].clients.fetch_sub(1);
}

void Door::ended(StepEnd end) {
  DoorCounts& here = counts_[at_];
  if (end == StepEnd::unsure) here.unsure.fetch_add(1);
  if (end == StepEnd::cut) here.cut.fetch_add(1);
  if (end == StepEnd::late) here.late.fetch_add(1);
  if (end != StepEnd::cut && end != StepEnd::late) return;
  leave();
  home_tried_ = std::chrono::steady_clock::now();
}

}  // namespace keyshift::cli::demo
