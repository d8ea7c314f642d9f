#pragma once
#include <cstdint>

namespace keyshift::migration {

/// What a sweep did to the records of one rule: exact numbers, added up over all passes.
struct RuleCounts {
  std::uint64_t found = 0;        ///< keys seen on the side that records leave
  std::uint64_t moved = 0;        ///< moved by this sweep
  std::uint64_t gone = 0;         ///< not there any more: moved by a client, deleted or expired meanwhile
  std::uint64_t conflicts = 0;    ///< both names existed
  std::uint64_t quarantined = 0;  ///< conflicts of those that were settled, their loser put aside
  std::uint64_t failed = 0;       ///< refused by the server, asked again later

  RuleCounts& operator+=(const RuleCounts& other) noexcept {
    found += other.found;
    moved += other.moved;
    gone += other.gone;
    conflicts += other.conflicts;
    quarantined += other.quarantined;
    failed += other.failed;
    return *this;
  }
  bool operator==(const RuleCounts&) const = default;
};

}  // namespace keyshift::migration
