#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "base/counters.hpp"
#include "proxy/engine/plan.hpp"

namespace keyshift::proxy {

inline constexpr std::size_t kRoutes = 4;
inline constexpr std::size_t kMaxCommands = 1024;  ///< rows of the command table, learnt ones included
/// Upper bounds of the duration buckets, in microseconds; the last bucket has none.
inline constexpr std::array<std::uint32_t, 12> kBucketMicros{50,   100,  200,   400,   800,    1600,
                                                             3200, 6400, 12800, 51200, 204800, 819200};

/// The bucket that a duration falls into.
constexpr std::size_t duration_bucket(std::uint64_t micros) noexcept {
  // The first nine bounds double.
  if (micros <= kBucketMicros[8]) return micros == 0 ? 0 : static_cast<std::size_t>(std::bit_width((micros - 1) / 50));
  std::size_t bucket = 9;
  while (bucket < kBucketMicros.size() && micros > kBucketMicros[bucket]) ++bucket;
  return bucket;
}

/// A histogram over those buckets.
struct Durations {
  std::array<Counter, kBucketMicros.size() + 1> buckets;
  Counter micros;  ///< sum

  void add(std::uint64_t took) noexcept {
    buckets[duration_bucket(took)].add(1);
    micros.add(took);
  }
};

/// Counters of one command, made when it is first seen.
struct CommandCounters {
  std::array<Counter, kRoutes> by_route;
  Durations duration;
};

/// Moves of one rule.
struct RuleCounters {
  Counter moved, absent, conflicts, refused;
};

/// What one worker counts. Written by its thread only, read by any.
struct EngineCounters {
  std::array<std::atomic<CommandCounters*>, kMaxCommands> commands{};
  std::array<RuleCounters, 1024> rules;  ///< by number: ServedRule::number
  Counter sessions_opened, sessions_closed, upstreams_opened, upstreams_closed, upstream_failures;
  Counter unknown_outcomes, protocol_errors, output_limit_kills, big_replies_asked_again, refused, conflicts_resolved;
  Counter generations;
  Counter given_up;  ///< what was under way for records and was ended because the fleet turned
  Durations holds;   ///< from the moment when a hold is seen to the end of it
  Durations own;     ///< requests of ours: moves, handshakes, errands
  Durations moves;   ///< of records that a command moved: to the answer of the RENAMENX, or of the EXEC around it

  /// Refusals by number of the rule (-1: none), command (-1: unknown) and reason. Rare, so behind a lock.
  void count_refusal(std::int32_t rule, std::int32_t command, std::string_view reason) {
    const std::lock_guard lock(refusals_lock);
    ++refusals[{rule, command, std::string(reason)}];
  }
  mutable std::mutex refusals_lock;
  std::map<std::tuple<std::int32_t, std::int32_t, std::string>, std::uint64_t> refusals;

  ~EngineCounters() {
    for (auto& c : commands) delete c.load(std::memory_order_relaxed);
  }
};

}  // namespace keyshift::proxy
