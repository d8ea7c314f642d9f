#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace keyshift::cli::demo {

/// Counts of durations, eight buckets to an octave (an error of at most 12 %), from a microsecond to minutes.
using LatencyCounts = std::array<std::uint64_t, 216>;

/// Where one process counts and others read: lies in shared memory. One writer.
struct SharedLatency {
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<LatencyCounts>> buckets{};
  void count(Duration taken) noexcept;
  void add_to(LatencyCounts& sum) const noexcept;
};

/// The duration below which `share` (0 to 1) of all are, in milliseconds; 0 when there are none.
double quantile_ms(const LatencyCounts& counts, double share) noexcept;
LatencyCounts difference(const LatencyCounts& now, const LatencyCounts& before) noexcept;

}  // namespace keyshift::cli::demo
