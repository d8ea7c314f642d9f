#pragma once
#include <cstdint>
#include <string_view>

namespace keyshift::migration {

/// Where a sweep stands.
enum class SweepState : std::uint8_t {
  starting,  ///< connecting, reading the checkpoint
  standby,   ///< another sweeper holds the key; this one takes over when it expires
  sweeping,  ///< a pass is under way
  paused,    ///< by hand, by a refusal of the server, or by a conflict under policy stop
  resting,   ///< a clean pass was made; looks again later
  done,      ///< a clean pass was made and every attached replica has it
  stopped,   ///< ended by stop() before a clean pass
  failed,    ///< cannot go on: the detail says why
};
inline constexpr std::string_view name(SweepState state) noexcept {
  constexpr std::string_view names[] = {"starting", "standby", "sweeping", "paused",
                                        "resting",  "done",    "stopped",  "failed"};
  return names[static_cast<std::size_t>(state)];
}

/// Why a sweep waits: the one list for status, metrics (label `reason`) and docs/sweeping.md.
#define KEYSHIFT_WAIT_REASONS(X)                                                                           \
  X(none, "none", "nothing holds it back")                                                                 \
  X(rate, "rate", "sweep.max_keys_per_second is reached")                                                  \
  X(latency, "latency", "the server answers slower than sweep.max_server_latency_ms")                      \
  X(replica_lag, "replica-lag", "a replica is too far behind its primary")                                 \
  X(aof_fsync, "aof-fsync", "the disk delays the append-only file (aof_delayed_fsync grows)")              \
  X(signal_lost, "signal-lost", "the probes of the server are not answered; without them it stands still") \
  X(paused, "paused", "somebody paused it")                                                                \
  X(refused, "refused", "the server refuses moves; the detail has its words")                              \
  X(conflict, "conflict", "both names of a record exist and policy.conflict is stop")                      \
  X(other_sweeper, "other-sweeper", "another sweeper is at work on this server")                           \
  X(unreachable, "unreachable", "the server cannot be reached")

enum class WaitReason : std::uint8_t {
#define X(id, label, meaning) id,
  KEYSHIFT_WAIT_REASONS(X)
#undef X
};
#define X(id, label, meaning) +1
inline constexpr std::size_t kWaitReasons = 0 KEYSHIFT_WAIT_REASONS(X);
#undef X

/// The label of `reason` in status and metrics.
inline constexpr std::string_view name(WaitReason reason) noexcept {
  switch (reason) {
#define X(id, label, meaning) \
  case WaitReason::id:        \
    return label;
    KEYSHIFT_WAIT_REASONS(X)
#undef X
  }
  return "?";
}
/// What `reason` means, for people.
inline constexpr std::string_view meaning(WaitReason reason) noexcept {
  switch (reason) {
#define X(id, label, text) \
  case WaitReason::id:     \
    return text;
    KEYSHIFT_WAIT_REASONS(X)
#undef X
  }
  return "?";
}

}  // namespace keyshift::migration
