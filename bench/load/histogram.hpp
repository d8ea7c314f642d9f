#pragma once
#include <array>
#include <bit>
#include <cstdint>

namespace keyshift::bench {

/// Latencies in nanoseconds in logarithmic buckets, 64 per doubling: within 1.6 % of what was added.
class Histogram {
 public:
  void add(std::uint64_t nanoseconds, std::uint64_t times = 1) noexcept {
    buckets_[index(nanoseconds)] += times;
    count_ += times;
  }
  void clear() noexcept {
    buckets_.fill(0);
    count_ = 0;
  }
  /// Upper end of the bucket that holds the given share (0 to 1) of all; 0 when there is nothing.
  [[nodiscard]] std::uint64_t at(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted || (seen == count_ && count_ > 0)) return upper(i);
    }
    return 0;
  }

 private:
  static constexpr unsigned sub_bits = 6;
  static constexpr std::uint64_t sub = 1U << sub_bits;

  static std::size_t index(std::uint64_t value) noexcept {
    if (value < sub) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;
    return static_cast<std::size_t>((shift + 1) * sub + ((value >> shift) - sub));
  }
  static std::uint64_t upper(std::size_t index) noexcept {
    if (index < sub) return index;
    const auto shift = index / sub - 1;
    return ((index % sub + sub + 1) << shift) - 1;
  }

  std::array<std::uint64_t, 64 * sub> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace keyshift::bench
