#include "proxy/engine/siphash.hpp"

#include <bit>
#include <cstring>

namespace keyshift::proxy {
namespace {

/// The state in variables of its own, so that it stays in registers from the first block to the last.
struct Lanes {
  std::uint64_t a, b, c, d;
};

[[gnu::always_inline]] inline void round(Lanes& v) noexcept {
  v.a += v.b;
  v.c += v.d;
  v.b = std::rotl(v.b, 13) ^ v.a;
  v.d = std::rotl(v.d, 16) ^ v.c;
  v.a = std::rotl(v.a, 32);
  v.c += v.b;
  v.a += v.d;
  v.b = std::rotl(v.b, 17) ^ v.c;
  v.d = std::rotl(v.d, 21) ^ v.a;
  v.c = std::rotl(v.c, 32);
}

[[gnu::always_inline]] inline void compress(Lanes& v, std::uint64_t block) noexcept {
  v.d ^= block;
  round(v);
  round(v);
  v.a ^= block;
}

[[gnu::always_inline]] inline std::uint64_t finished(Lanes& v) noexcept {
  round(v);
  round(v);
  round(v);
  round(v);
  return v.a ^ v.b ^ v.c ^ v.d;
}

[[gnu::always_inline]] inline std::uint64_t whole_block(const char* at) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

/// Fewer than eight bytes.
[[gnu::always_inline]] inline std::uint64_t part_block(const char* at, std::size_t size) noexcept {
  std::uint64_t value = 0;
  while (size-- > 0) value = value << 8 | static_cast<unsigned char>(at[size]);
  return value;
}

/// The same at the end of eight bytes or more: they are read once more, and what went in before is shifted out.
[[gnu::always_inline]] inline std::uint64_t last_block(const char* at, std::size_t size) noexcept {
  return size == 0 ? 0 : whole_block(at + size - 8) >> (64 - 8 * size);
}

}  // namespace

SipHash::SipHash(Key128 key) noexcept
    : v_{key.low ^ 0x736f6d6570736575U, key.high ^ 0x646f72616e646f6dU ^ 0xee, key.low ^ 0x6c7967656e657261U,
         key.high ^ 0x7465646279746573U} {}

SipHash SipHash::absorbed(std::uint64_t block) const noexcept {
  Lanes v{v_[0], v_[1], v_[2], v_[3]};
  compress(v, block);
  SipHash next = *this;
  next.v_ = {v.a, v.b, v.c, v.d};
  next.length_ += 8;
  return next;
}

Hash128 SipHash::hash(BytesView tail) const noexcept {
  Lanes v{v_[0], v_[1], v_[2], v_[3]};
  const char* at = tail.data();
  std::size_t left = tail.size();
  for (; left >= 8; at += 8, left -= 8) compress(v, whole_block(at));
  const std::uint64_t part = tail.size() < 8 ? part_block(at, left) : last_block(at, left);
  compress(v, part | (length_ + tail.size()) << 56);
  Hash128 hash;
  v.c ^= 0xee;
  hash.low = finished(v);
  v.b ^= 0xdd;
  hash.high = finished(v);
  return hash;
}

}  // namespace keyshift::proxy
