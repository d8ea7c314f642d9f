#pragma once

namespace keyshift {
/// Prints the belief that turned out false, with its place, and aborts.
[[noreturn]] void broken_invariant(const char* belief, const char* file, int line) noexcept;
}  // namespace keyshift

/// States what must be true of our own state whatever peers send; aborts with `belief` in words when it is not.
/// Never used on bytes from a peer: those give an Error.
#define KS_CHECK(condition, belief)                             \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::keyshift::broken_invariant(belief, __FILE__, __LINE__); \
  } while (false)
