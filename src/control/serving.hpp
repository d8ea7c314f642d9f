#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/change.hpp"
#include "control/connection_name.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::control {

/// One run of the control record, as this proxy understands it.
struct ServedRun {
  std::string id;    ///< for reserved keys; "manual" when mode and rules are given by hand
  std::string name;  ///< for people
  Bytes spec;        ///< its hash
  migration::Mode mode = migration::Mode::old;
  /// Why commands on its records are answered -KSCONTROL; empty: they are served.
  std::string refusal;
  std::shared_ptr<const transforms::RuleSet> rules;            ///< its own; null: not even its key patterns are known
  std::shared_ptr<const transforms::MigrationFile> migration;  ///< its spec; null: not understood
  std::uint32_t first_rule = 0;  ///< number of its first rule among all that this process has served, for counters
};

/// What is done with records of one rule: what a match of ServedDatabase::rules leads to.
struct ServedRule {
  migration::Mode mode = migration::Mode::old;
  bool refused = false;      ///< by the refusal of its run
  std::uint16_t run = 0;     ///< index into Serving::runs
  std::uint32_t number = 0;  ///< among all rules that this process has served, for counters
  transforms::Policy policy;
};

/// A run whose keys clash with those of a run before it: none of its keys is served, whatever else they are. Or one of
/// which not even the key patterns are known: any key that is no other run's could be one of its records.
struct ShutRun {
  std::shared_ptr<const transforms::RuleSet> rules;  ///< null: not known
  std::uint16_t run = 0;
};

/// The rules of all runs whose records are in one database, as one set: one look says whose record a key is.
struct ServedDatabase {
  int database = 0;
  std::shared_ptr<const transforms::RuleSet> rules;  ///< never null; its policy() says nothing
  std::vector<ServedRule> by_rule;                   ///< by index into rules->rules()
  std::vector<ShutRun> shut;                         ///< nearly always none
  bool moving = false;                               ///< records of some rule may be at either of their places
  std::int32_t refused_run = -1;                     ///< one with keys here that is refused; -1: none
  std::vector<std::shared_ptr<const transforms::RuleSet>> parts;  ///< those of the runs, in their order

  /// What is done with a record that `rules` has matched.
  [[nodiscard]] const ServedRule& at(const transforms::Match& match) const noexcept {
    return by_rule[static_cast<std::size_t>(match.rule)];
  }
};

/// The one of that number; null: no rule holds there.
inline const ServedDatabase* find(std::span<const ServedDatabase> all, int database) noexcept {
  for (const ServedDatabase& one : all)
    if (one.database == database) return &one;
  return nullptr;
}

/// What the workers of a proxy act on: one change of the control record, as this proxy understands it. Made by who
/// reads the record, given to every worker as shared_ptr<const Serving>; immutable.
struct Serving {
  /// What happens to commands on records of the rules.
  enum class Records : std::uint8_t {
    serve,   ///< run, in the mode of their run
    hold,    ///< kept until the next change, or answered -KSBUSY in time
    refuse,  ///< answered -KSCONTROL with `reason`: the record or its format is not understood
  };
  Change change;  ///< `cur` of the record; epoch 0: no record, everything is out of scope
  Records records = Records::serve;
  std::string reason;  ///< of `refuse` and of the runs that are refused, for people
  /// Of names of connections: `records`, or `free` while there is no record or it is not understood.
  Carries carries = Carries::records;
  std::vector<ServedRun> runs;
  std::vector<ServedDatabase> databases;  ///< lay_out() makes them; one for each that has records of some run
};

/// Fills `databases` from `runs`. What was compiled for `before` is taken over where it is the same. A run whose keys
/// clash with those of one before it (nobody's `apply` lets that into the record) is refused, the others are served.
/// One whose key patterns are not known is refused with every key of every database that is no other run's.
void lay_out(Serving& serving, const Serving* before = nullptr);

/// The longest hold that any of the runs allows.
std::chrono::milliseconds hold_limit(const Serving& serving) noexcept;

/// The bytes that connections of `serving` are named with, behind "keyshift:<proxy>:".
inline ConnectionName connection_name(const Serving& serving, std::string proxy) {
  const bool free = serving.carries == Carries::free;
  return {std::move(proxy), serving.carries, free ? serving.change.scope : serving.change.id};
}

}  // namespace keyshift::control
