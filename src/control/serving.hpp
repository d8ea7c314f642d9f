#pragma once
#include <memory>
#include <string>

#include "control/change.hpp"
#include "control/connection_name.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::control {

/// What the workers of a proxy act on: one change of the control record, as this proxy understands it. Made by who
/// reads the record, given to every worker as shared_ptr<const Serving>; immutable.
struct Serving {
  /// What happens to commands on records of the rules.
  enum class Records : std::uint8_t {
    serve,   ///< run, in `mode`
    hold,    ///< kept until the next change, or answered -KSBUSY in time
    refuse,  ///< answered -KSCONTROL with `reason`: the record, its format or its rules are not understood
  };
  Change change;  ///< `cur` of the record; epoch 0: no record, everything is out of scope
  Records records = Records::serve;
  std::string reason;  ///< of `refuse`, for people
  /// Of names of connections: `records`, or `free` while there is no record or it is not understood.
  Carries carries = Carries::records;
  std::shared_ptr<const transforms::RuleSet> rules;  ///< null: no run
  migration::Mode mode = migration::Mode::old;
  std::string run;  ///< id of the run, for reserved keys; "manual" when mode and rules are given by hand
  Bytes spec;       ///< of the run: its hash
  std::shared_ptr<const transforms::MigrationFile>
      migration;  ///< the run's spec as a migration; null: none, or not understood
};

/// The bytes that connections of `serving` are named with, behind "keyshift:<proxy>:".
inline ConnectionName connection_name(const Serving& serving, std::string proxy) {
  const bool free = serving.carries == Carries::free;
  return {std::move(proxy), serving.carries, free ? serving.change.scope : serving.change.id};
}

}  // namespace keyshift::control
