#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/repair.hpp"

namespace keyshift::cli {

/// How many records of a rule lie under which name.
struct CountedRule {
  std::string rule;
  std::uint64_t from = 0, to = 0;
};

/// What `keyshift repair --json` prints: what each place knew, what is wrong, what will be written.
nlohmann::json repair_document(const control::RepairFacts& facts, const control::RepairPlan& plan,
                               const std::vector<CountedRule>& counted);
/// The same for people.
std::string repair_text(const nlohmann::json& document);

}  // namespace keyshift::cli
