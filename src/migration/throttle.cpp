#include "migration/throttle.hpp"

#include <algorithm>

namespace keyshift::migration {
namespace {
using Seconds = std::chrono::duration<double>;
constexpr Duration kStep = milliseconds(200);  // between two adaptations: several samples of latency fit in
constexpr double kDecrease = 0.7;
constexpr double kIncrease = 0.05;      // of the ceiling per step: back at full speed after four quiet seconds
constexpr double kFloor = 0.01;         // of the ceiling: slow, yet it ends
constexpr double kSmoothing = 0.3;      // weight of the newest sample of latency
constexpr double kBurstSeconds = 0.02;  // what a late timer may catch up with
constexpr Duration kAskAgain = milliseconds(50);

double seconds_of(Duration duration) { return std::chrono::duration_cast<Seconds>(duration).count(); }
Duration duration_of(double seconds) { return std::chrono::duration_cast<Duration>(Seconds(seconds)); }
}  // namespace

Throttle::Throttle(ThrottleLimits limits) : limits_(limits), rate_(limits.keys_per_second) {}

double Throttle::ceiling() const noexcept {
  return limits_.keys_per_second > 0 ? static_cast<double>(limits_.keys_per_second) : unlimited_ceiling_;
}

void Throttle::limit(std::uint32_t keys_per_second) noexcept {
  if (keys_per_second == limits_.keys_per_second) return;
  limits_.keys_per_second = keys_per_second;
  rate_ = ceiling();
  unlimited_ceiling_ = 0;
}

void Throttle::latency(Duration round_trip, Time now) {
  const double sample = seconds_of(round_trip);
  latency_seconds_ = latency_at_ ? latency_seconds_ + kSmoothing * (sample - latency_seconds_) : sample;
  latency_at_ = now;
  adapt(now);
}

void Throttle::server(std::uint64_t replica_lag_bytes, std::uint64_t aof_delayed_fsync, Time now) {
  lag_bytes_ = replica_lag_bytes;
  fsync_late_ = delayed_fsync_ && aof_delayed_fsync > *delayed_fsync_;
  delayed_fsync_ = aof_delayed_fsync;
  server_at_ = now;
  adapt(now);
}

WaitReason Throttle::pressure() const noexcept {
  if (limits_.server_latency > Duration::zero() && latency_seconds_ > seconds_of(limits_.server_latency))
    return WaitReason::latency;
  if (limits_.replica_lag_bytes > 0 && lag_bytes_ > limits_.replica_lag_bytes) return WaitReason::replica_lag;
  if (limits_.aof_fsync && fsync_late_) return WaitReason::aof_fsync;
  return WaitReason::none;
}

void Throttle::adapt(Time now) {
  if (!adapted_) adapted_ = now;
  if (now - *adapted_ < kStep) return;
  speed_ += 0.5 * (spent_since_ / seconds_of(now - *adapted_) - speed_);
  spent_since_ = 0;
  adapted_ = now;
  const WaitReason why = pressure();
  if (why != WaitReason::none) {
    refill(now);
    if (!limited()) rate_ = unlimited_ceiling_ = std::max(speed_, 1000.0);
    rate_ = std::max(rate_ * kDecrease, ceiling() * kFloor);
    held_by_ = why;
  } else if (limited() && rate_ < ceiling()) {
    refill(now);
    rate_ = std::min(rate_ + ceiling() * kIncrease, ceiling());
  }
  if (why == WaitReason::none && rate_ >= ceiling()) {
    unlimited_ceiling_ = 0;
    held_by_ = WaitReason::rate;
  }
}

bool Throttle::signals_lost(Time now) const noexcept {
  const bool wants_latency = limits_.server_latency > Duration::zero();
  const bool wants_server = limits_.replica_lag_bytes > 0 || limits_.aof_fsync;
  return (wants_latency && (!latency_at_ || now - *latency_at_ > limits_.latency_lost_after)) ||
         (wants_server && (!server_at_ || now - *server_at_ > limits_.server_lost_after));
}

void Throttle::refill(Time now) noexcept {
  const double most = std::max(rate_ * kBurstSeconds, static_cast<double>(2 * quantum));
  if (refilled_) tokens_ = std::min(tokens_ + rate_ * seconds_of(now - *refilled_), most);
  refilled_ = now;
}

Throttle::Grant Throttle::wait(WaitReason reason, Time until, Time now) noexcept {
  waiting_for_ = reason;
  waiting_since_ = now;
  return Grant{0, until, reason};
}

Throttle::Grant Throttle::ask(std::size_t wanted, Time now) {
  if (waiting_for_ != WaitReason::none) waited_for(waiting_for_, now - waiting_since_);
  waiting_for_ = WaitReason::none;
  if (paused_) return wait(WaitReason::paused, now + kAskAgain, now);
  if (signals_lost(now)) return wait(WaitReason::signal_lost, now + kAskAgain, now);
  if (!limited()) return Grant{wanted, now, WaitReason::none};
  refill(now);
  const double least = static_cast<double>(std::min(wanted, quantum));
  if (tokens_ >= least) return Grant{std::min(wanted, static_cast<std::size_t>(tokens_)), now, WaitReason::none};
  return wait(held_by_, now + duration_of((least - tokens_) / rate_) + microseconds(1), now);
}

void Throttle::spend(double keys, Time now) noexcept {
  spent_since_ += keys;
  if (!limited()) return;
  refill(now);
  tokens_ -= keys;
}

WaitReason Throttle::reason(Time now) const noexcept {
  if (paused_) return WaitReason::paused;
  if (signals_lost(now)) return WaitReason::signal_lost;
  return limited() && rate_ < ceiling() ? held_by_ : waiting_for_;
}

Duration Throttle::smoothed_latency() const noexcept { return duration_of(latency_seconds_); }

void Throttle::waited_for(WaitReason reason, Duration how_long) noexcept {
  waited_[static_cast<std::size_t>(reason)] += seconds_of(how_long);
}

}  // namespace keyshift::migration
