#include "cli/demo_latency.hpp"

#include <algorithm>
#include <bit>

namespace keyshift::cli::demo {
namespace {

// Below eight microseconds each has a bucket; above, the three bits behind the first one choose in the octave.
std::size_t bucket_of(std::uint64_t micros) noexcept {
  if (micros < 8) return micros;
  const auto octave = static_cast<std::size_t>(std::bit_width(micros)) - 4;
  return std::min((octave + 1) * 8 + ((micros >> octave) & 7), std::tuple_size_v<LatencyCounts> - 1);
}

double upper_micros(std::size_t bucket) noexcept {
  if (bucket < 8) return static_cast<double>(bucket + 1);
  const std::size_t octave = bucket / 8 - 1;
  return static_cast<double>((bucket % 8 + 9) << octave);
}

}  // namespace

void SharedLatency::count(Duration taken) noexcept {
  const auto micros = std::chrono::duration_cast<microseconds>(taken).count();
  buckets[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)))].fetch_add(
      1, std::memory_order_relaxed);
}

void SharedLatency::add_to(LatencyCounts& sum) const noexcept {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += buckets[i].load(std::memory_order_relaxed);
}

double quantile_ms(const LatencyCounts& counts, double share) noexcept {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  if (total == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (seen > wanted || seen == total) return upper_micros(i) / 1000;
  }
  return 0;
}

LatencyCounts difference(const LatencyCounts& now, const LatencyCounts& before) noexcept {
  LatencyCounts out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = now[i] - before[i];
  return out;
}

}  // namespace keyshift::cli::demo
