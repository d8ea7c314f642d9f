#include "proxy/engine/siphash.hpp"

#include <doctest/doctest.h>

#include <cstdio>

namespace keyshift::proxy {
namespace {

constexpr const char* kVectors[] = {
#include "siphash_vectors.inc"
};
constexpr Key128 kKey{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

Bytes counting(std::size_t size) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i);
  return bytes;
}

std::string hex(const Hash128& hash) {
  std::string text;
  char digits[3];
  for (const std::uint64_t half : {hash.low, hash.high})
    for (unsigned i = 0; i < 8; ++i) {
      std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(half >> (8 * i) & 0xff));
      text += digits;
    }
  return text;
}

TEST_CASE("the hash is SipHash-2-4 with 128 bits: all 64 reference vectors") {
  REQUIRE(std::size(kVectors) == 64);
  for (std::size_t size = 0; size < 64; ++size) CHECK(hex(SipHash(kKey).hash(counting(size))) == kVectors[size]);
}

TEST_CASE("a prefix absorbed beforehand gives the hash of the whole message") {
  const SipHash prefix = SipHash(kKey).absorbed(0x0706050403020100U).absorbed(0x0f0e0d0c0b0a0908U);
  for (std::size_t size = 16; size < 64; ++size)
    CHECK(hex(prefix.hash(BytesView(counting(size)).substr(16))) == kVectors[size]);
}

TEST_CASE("another key gives another hash") {
  CHECK_FALSE(SipHash({1, 2}).hash("user:1") == SipHash({1, 3}).hash("user:1"));
}

}  // namespace
}  // namespace keyshift::proxy
