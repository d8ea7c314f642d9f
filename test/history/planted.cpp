// A program that makes a mistake on purpose: which one, KEYSHIFT_NAIVE says. Linked into keyshift_naive alone.
#include "base/planted.hpp"

#include <cstdlib>

namespace keyshift {

bool planted(std::string_view mistake) {
  const char* const wanted = std::getenv("KEYSHIFT_NAIVE");
  return wanted != nullptr && mistake == wanted;
}

}  // namespace keyshift
