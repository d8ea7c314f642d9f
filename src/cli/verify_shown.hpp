#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/verify.hpp"

namespace keyshift::cli {

/// What `keyshift verify --json` prints; docs/verify.md lists the fields.
nlohmann::json verify_document(const control::VerifyReport& report, const transforms::RuleSet& rules);

/// The same for people.
std::string verify_text(const nlohmann::json& document);

}  // namespace keyshift::cli
