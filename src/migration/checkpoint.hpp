#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "migration/mode.hpp"
#include "migration/sweep_counts.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::migration {

/// How far the sweep of a run is, as it lies at the server under checkpoint_name(run): lines of "name value", the first
/// one "keyshift-checkpoint 1". Written at most every kCheckpointEvery; a killed sweep goes on from it.
struct Checkpoint {
  std::string run;            ///< name of the run
  std::string rules;          ///< rules_digest() of its rules: other rules mean another sweep
  Mode mode = Mode::to_new;   ///< a sweep in the other direction begins anew
  std::string server_run_id;  ///< a SCAN cursor dies with the server process
  std::uint64_t cursor = 0;
  std::uint32_t pass = 1;
  std::uint64_t scanned = 0;
  UnixMillis written{};
  std::vector<RuleCounts> counts;  ///< in the order of the rules
  bool operator==(const Checkpoint&) const = default;
};

inline constexpr Duration kCheckpointEvery = seconds(5);

Bytes encode(const Checkpoint& checkpoint);

/// Error `store` for bytes that are no checkpoint, with what is wrong; a newer version is refused by its number.
Result<Checkpoint> read_checkpoint(BytesView bytes);

/// What two sweeps must share to go on for each other: names, patterns, order and database of the rules (hex).
std::string rules_digest(const transforms::RuleSet& rules);

}  // namespace keyshift::migration
