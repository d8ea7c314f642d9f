#pragma once
#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace keyshift::proxy {

/// A secret of 128 bits. Random per process: who does not know it can neither foresee nor steer hashes.
struct Key128 {
  std::uint64_t low = 0, high = 0;
};

struct Hash128 {
  std::uint64_t low = 0, high = 0;
  bool operator==(const Hash128&) const = default;
};

/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF", and the authors'
/// reference code for the 128-bit variant; its test vectors are in the unit test).
///
/// Ours and not OpenSSL's EVP_MAC "SIPHASH", because it runs on every command in scope: EVP looks up parameters and
/// initialises a context per call, which costs several times the hash itself (bench/ensured_set_bench.cpp measures
/// both in one run). A prefix common to many messages is absorbed once: see absorbed().
class SipHash {
 public:
  explicit SipHash(Key128 key) noexcept;

  /// The state behind one more block of eight bytes, little endian. hash() then continues from there.
  [[nodiscard]] SipHash absorbed(std::uint64_t block) const noexcept;

  /// The hash of the blocks absorbed so far followed by `tail`. Const: one state serves any number of tails.
  [[nodiscard]] Hash128 hash(BytesView tail) const noexcept;

 private:
  std::array<std::uint64_t, 4> v_;
  std::uint64_t length_ = 0;  ///< bytes absorbed
};

}  // namespace keyshift::proxy
