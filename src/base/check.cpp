#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace keyshift {
void broken_invariant(const char* belief, const char* file, int line) noexcept {
  std::fprintf(stderr, "keyshift: broken invariant at %s:%d: %s\n", file, line, belief);
  std::abort();
}
}  // namespace keyshift
