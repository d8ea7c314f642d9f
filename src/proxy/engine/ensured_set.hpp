#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "proxy/engine/siphash.hpp"

namespace keyshift::proxy {

/// Under what a record was seen to be in place. Any change makes all that was inserted under the former value unknown
/// (docs/protocol.md, sections 1 and 4). `server` and `generation` are numbers that the caller gives out.
struct EnsuredUnder {
  std::uint64_t era = 0;
  std::uint32_t server = 0;
  std::uint32_t generation = 0;
  bool operator==(const EnsuredUnder&) const = default;
};

/// The bounded memory of records known to be where the mode wants them, so that their commands go bare. It is thrift,
/// never correctness: it may forget anything at any time; what it must not do is report a record that was not inserted.
///
/// How sure that is: an entry is all 128 bits (but one, which marks it as used) of a keyed hash of era, server,
/// generation and key, and a lookup compares with four entries. For somebody without the secret SipHash is a random
/// function, so one lookup of a key never inserted is wrong with a probability of at most 4 x 2^-127 = 2^-125; after
/// 2^25 such lookups it is still below 2^-100.
///
/// Memory: 16 bytes an entry, four to a cache line, no more than `max_bytes`, nothing before the first insert. The
/// table grows bucket by bucket with what is inserted (linear hashing), so no insert ever waits for a rehash; it is
/// kept three eighths full until it has all its memory. An insert into a full bucket replaces one of its four in turn:
/// about one record in twelve is forgotten in this way while the table grows, and remembered when it is used again.
/// The lowest bits of a hash choose the bucket. One thread. Nothing allocates but insert().
class EnsuredSet {
 public:
  /// `max_bytes` below 4 KiB: remembers nothing.
  EnsuredSet(std::size_t max_bytes, Key128 secret) noexcept;

  [[nodiscard]] bool contains(BytesView key, const EnsuredUnder& under = {}) const noexcept;
  void insert(BytesView key, const EnsuredUnder& under = {});
  /// Forgets everything, in constant time. The memory is kept for what comes next.
  void forget_all() noexcept;

  /// Memory allocated for entries, in bytes.
  [[nodiscard]] std::size_t bytes() const noexcept { return segments_.size() * sizeof(Segment); }
  /// Entries held, those of former eras and generations included.
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kFirstBuckets = 64;  ///< 4 KiB: what forget_all() clears
  static constexpr std::size_t kSegmentBuckets = 256;

  using Entry = Hash128;  ///< all zero: free
  struct alignas(64) Bucket {
    std::array<Entry, kWays> ways;
  };
  struct Segment {
    std::array<Bucket, kSegmentBuckets> buckets;
  };

  [[nodiscard]] Entry entry(BytesView key, const EnsuredUnder& under) const noexcept;
  [[nodiscard]] std::size_t index(const Entry& entry) const noexcept;
  [[nodiscard]] Bucket& bucket(std::size_t at) const noexcept {
    return segments_[at / kSegmentBuckets]->buckets[at % kSegmentBuckets];
  }
  void start();
  void split_one();

  SipHash keyed_;
  std::size_t max_buckets_;
  std::size_t buckets_ = 0;            ///< in use
  std::size_t level_ = kFirstBuckets;  ///< the power of two at or below buckets_
  std::size_t used_ = 0;
  std::size_t turn_ = 0;        ///< whose turn it is to be replaced
  mutable EnsuredUnder under_;  ///< what prefix_ was made for
  mutable SipHash prefix_;
  std::vector<std::unique_ptr<Segment>> segments_;
};

}  // namespace keyshift::proxy
