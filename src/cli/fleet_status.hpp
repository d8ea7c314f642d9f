#pragma once
#include <nlohmann/json_fwd.hpp>

#include "cli/operator.hpp"

namespace keyshift::cli {

/// What the control record of a store says, with what stands against the next step, as a document; `history`: the audit
/// instead, newest first.
Result<nlohmann::json> fleet_document(Operator& op);
Result<nlohmann::json> history_document(Operator& op);

/// The same for people.
std::string fleet_text(const nlohmann::json& document);
std::string fleet_line(const nlohmann::json& document);
std::string history_text(const nlohmann::json& document);

}  // namespace keyshift::cli
