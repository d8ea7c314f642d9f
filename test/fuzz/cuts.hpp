#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace keyshift::fuzz {

/// Cuts bytes into pieces as a seed says, so that one input tries one chunking and the fuzzer learns which matters.
class Cuts {
 public:
  explicit Cuts(std::uint32_t seed) noexcept : state_(seed * 2654435761U + 1) {}

  /// The size of the next piece: at least 1, at most `left`; mostly short, sometimes all.
  std::size_t next(std::size_t left) noexcept {
    state_ = state_ * 1664525U + 1013904223U;
    const std::uint32_t roll = state_ >> 24;
    const std::size_t wish = roll > 250 ? left : 1 + (roll & 15) % (1 + (roll >> 4));
    return std::min(left, std::max<std::size_t>(wish, 1));
  }

 private:
  std::uint32_t state_;
};

/// What must hold for any input. Aborts, so that libFuzzer keeps the input.
inline void expect(bool holds) noexcept {
  if (!holds) __builtin_trap();
}

}  // namespace keyshift::fuzz
