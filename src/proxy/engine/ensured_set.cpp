#include "proxy/engine/ensured_set.hpp"

#include <algorithm>

namespace keyshift::proxy {
namespace {

SipHash prefixed(const SipHash& keyed, const EnsuredUnder& under) noexcept {
  return keyed.absorbed(under.era).absorbed(std::uint64_t{under.server} << 32 | under.generation);
}

bool empty(const Hash128& entry) noexcept { return entry.high == 0; }

}  // namespace

EnsuredSet::EnsuredSet(std::size_t max_bytes, Key128 secret) noexcept
    : keyed_(secret), max_buckets_(max_bytes / sizeof(Bucket)), prefix_(prefixed(keyed_, under_)) {}

EnsuredSet::Entry EnsuredSet::entry(BytesView key, const EnsuredUnder& under) const noexcept {
  if (under != under_) {
    prefix_ = prefixed(keyed_, under);
    under_ = under;
  }
  Entry entry = prefix_.hash(key);
  entry.high |= 1;  // so that no entry looks free
  return entry;
}

std::size_t EnsuredSet::index(const Entry& entry) const noexcept {
  const std::size_t wide = entry.low & (2 * level_ - 1);
  return wide < buckets_ ? wide : entry.low & (level_ - 1);
}

bool EnsuredSet::contains(BytesView key, const EnsuredUnder& under) const noexcept {
  if (buckets_ == 0) return false;
  const Entry wanted = entry(key, under);
  const auto& ways = bucket(index(wanted)).ways;
  return ways[0] == wanted || ways[1] == wanted || ways[2] == wanted || ways[3] == wanted;
}

void EnsuredSet::insert(BytesView key, const EnsuredUnder& under) {
  if (max_buckets_ < kFirstBuckets) return;
  if (buckets_ == 0) start();
  if (8 * used_ >= 3 * kWays * buckets_ && buckets_ < max_buckets_) split_one();
  const Entry added = entry(key, under);
  auto& ways = bucket(index(added)).ways;
  if (std::find(ways.begin(), ways.end(), added) != ways.end()) return;
  auto* const place = std::find_if(ways.begin(), ways.end(), empty);
  if (place != ways.end()) {
    *place = added;
    ++used_;
  } else {
    ways[turn_++ % kWays] = added;
  }
}

void EnsuredSet::start() {
  if (segments_.empty()) segments_.push_back(std::make_unique_for_overwrite<Segment>());
  std::fill_n(segments_[0]->buckets.begin(), kFirstBuckets, Bucket{});
  buckets_ = level_ = kFirstBuckets;
}

/// Bucket `buckets_` comes into use and takes over those entries of its lower half that now belong to it.
void EnsuredSet::split_one() {
  if (buckets_ / kSegmentBuckets == segments_.size()) segments_.push_back(std::make_unique_for_overwrite<Segment>());
  Bucket& low = bucket(buckets_ - level_);
  Bucket& high = bucket(buckets_);
  high = Bucket{};
  for (std::size_t i = 0; i < kWays; ++i)
    if ((low.ways[i].low & level_) != 0) std::swap(low.ways[i], high.ways[i]);
  if (++buckets_ == 2 * level_) level_ *= 2;
}

void EnsuredSet::forget_all() noexcept {
  buckets_ = 0;
  used_ = 0;
}

}  // namespace keyshift::proxy
