#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/change.hpp"

namespace keyshift::control {

/// What lies where a change should: in a half of the record, or at an epoch key.
struct ChangeFound {
  enum class State : std::uint8_t {
    absent,
    fine,
    damaged,  ///< no change, or another type of Redis
    unknown,  ///< of a format that this program does not know
  };
  State state = State::absent;
  std::optional<Change> change;  ///< of `fine`
  ChangeId id;                   ///< also of `unknown`, where it can be told
  std::string what;              ///< of `damaged` and `unknown`, for people
};
/// `bytes` none: nothing lies there.
ChangeFound change_found(const std::optional<Bytes>& bytes);

/// What one node knows.
struct NodeKnowledge {
  std::string name;
  std::string trouble;  ///< why it could not be asked
  ChangeFound key;
  std::map<std::string, std::uint64_t> names;  ///< connections of proxies, by what their names say ("5.<word>")
  std::uint64_t highest = 0;                   ///< epoch in those names
};
/// Counts the names in `clients`, the text of CLIENT LIST.
void count_names(NodeKnowledge& node, std::string_view clients);
/// The highest epoch in names of proxies there, scopes included; 0: nobody there has acted on a change.
std::uint64_t highest_epoch_named(std::string_view clients);

/// Everything that a repair is decided from.
struct RepairFacts {
  ChangeFound cur, next;             ///< of the control record; both absent: there is none
  std::vector<NodeKnowledge> nodes;  ///< the primary first
  std::set<Bytes> specs;             ///< by hash, those that lie at the store
  ChangeId audited;                  ///< the last change that the audit tells of
};

struct RepairPlan {
  enum class Kind : std::uint8_t {
    nothing,  ///< record and keys agree
    finish,   ///< a change is under way, whose way is only forward
    write,    ///< `hold` replaces the record and the primary's epoch key, and is carried to its serve
  };
  Kind kind = Kind::nothing;
  std::vector<std::string> reasons;  ///< what is wrong, for people
  Change hold;                       ///< forced, above everything found, with the runs that can be proven
  bool proven = false;               ///< its runs and era come from a readable change; false: nothing is known of them
  std::vector<std::string> missing;  ///< runs in it (or in the record) whose spec is not at the store
};

/// `word`: of the hold. A pure function, so that two who look at the same thing come to the same plan.
///
/// Where nothing readable is left, the epoch jumps, and the era with it: proxies remember changes that no name shows
/// any more, and what they remember of an era must never be taken for what they learn in another one of the same
/// number.
RepairPlan plan_repair(const RepairFacts& facts, std::uint64_t word);

/// What is above everything that proxies could remember, where nothing was left to tell.
inline constexpr std::uint64_t kUnseenEpochs = 1'000'000;

}  // namespace keyshift::control
