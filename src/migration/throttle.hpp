#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "migration/sweep_state.hpp"

namespace keyshift::migration {

/// What a throttle holds the sweep to. A limit of 0 is none, and its signal is then not needed.
struct ThrottleLimits {
  std::uint32_t keys_per_second = 20000;
  Duration server_latency = milliseconds(2);    ///< of an own PING, smoothed
  std::uint64_t replica_lag_bytes = 16u << 20;  ///< of the replica that is furthest behind
  bool aof_fsync = true;                        ///< slow down while aof_delayed_fsync grows
  Duration latency_lost_after = seconds(3);     ///< without a PING answered for so long it stands still
  Duration server_lost_after = seconds(6);      ///< the same for replica lag and AOF
};

/// How fast a sweep may go, and why not faster. Additive increase, multiplicative decrease of a rate below the limit,
/// from signals that the I/O floor hands in; a token bucket keeps to that rate. A signal that is gone stops the sweep
/// (fails closed). Pure: `now` comes in with every call and never goes back.
class Throttle {
 public:
  explicit Throttle(ThrottleLimits limits);

  /// Signals. latency: one round trip of PING. server: from INFO; `aof_delayed_fsync` is the server's counter.
  void latency(Duration round_trip, Time now);
  void server(std::uint64_t replica_lag_bytes, std::uint64_t aof_delayed_fsync, Time now);
  /// Another limit than it began with; 0: none. The same one changes nothing.
  void limit(std::uint32_t keys_per_second) noexcept;
  /// By hand.
  void pause(bool paused) noexcept { paused_ = paused; }
  [[nodiscard]] bool paused() const noexcept { return paused_; }

  struct Grant {
    std::size_t keys = 0;                  ///< how many moves may be sent now; 0: wait
    Time until{};                          ///< when to ask again
    WaitReason reason = WaitReason::none;  ///< why it waits
  };
  /// May `wanted` (> 0) moves be sent now? Grants all of them, or at least `quantum`, or none. Takes nothing yet.
  Grant ask(std::size_t wanted, Time now);
  /// Takes what was sent from the bucket (fractions for keys that were only looked at). May go into debt.
  void spend(double keys, Time now) noexcept;

  /// What holds the sweep back at the moment; none when nothing does.
  [[nodiscard]] WaitReason reason(Time now) const noexcept;
  /// Keys per second that are allowed now; 0: no limit.
  [[nodiscard]] double rate() const noexcept { return limited() ? rate_ : 0; }
  [[nodiscard]] Duration smoothed_latency() const noexcept;
  /// Seconds spent waiting, by reason.
  [[nodiscard]] const std::array<double, kWaitReasons>& waited() const noexcept { return waited_; }
  /// Adds time that the sweep waited for a reason of its own (refused, conflict, another sweeper ...).
  void waited_for(WaitReason reason, Duration how_long) noexcept;

  /// Moves are granted in groups of this size where the rate allows, not one by one.
  static constexpr std::size_t quantum = 16;

 private:
  [[nodiscard]] bool limited() const noexcept { return ceiling() > 0; }
  [[nodiscard]] double ceiling() const noexcept;
  [[nodiscard]] bool signals_lost(Time now) const noexcept;
  [[nodiscard]] WaitReason pressure() const noexcept;
  void adapt(Time now);
  void refill(Time now) noexcept;
  Grant wait(WaitReason reason, Time until, Time now) noexcept;

  ThrottleLimits limits_;
  bool paused_ = false;
  // the bucket
  double rate_ = 0;
  double tokens_ = 0;
  std::optional<Time> refilled_;
  // the adaptation
  double unlimited_ceiling_ = 0;  ///< without a rate limit: the speed seen when pressure began; 0: none
  WaitReason held_by_ = WaitReason::rate;
  std::optional<Time> adapted_;
  double spent_since_ = 0;
  double speed_ = 0;  ///< keys per second, smoothed over the steps of the adaptation
  // the signals
  double latency_seconds_ = 0;
  std::optional<Time> latency_at_, server_at_;
  std::uint64_t lag_bytes_ = 0;
  std::optional<std::uint64_t> delayed_fsync_;
  bool fsync_late_ = false;
  // the account
  std::array<double, kWaitReasons> waited_{};
  WaitReason waiting_for_ = WaitReason::none;
  Time waiting_since_{};
};

}  // namespace keyshift::migration
