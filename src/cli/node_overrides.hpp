#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/node_memory.hpp"

namespace keyshift::cli {

/// "2026-11-21T20:15:00Z"
std::string clock_text(UnixMillis at);

nlohmann::json override_document(const control::NodeOverride& said);
/// "by ann@desk, 2026-11-21T20:15:00Z"
std::string override_text(const control::NodeOverride& said);

/// Of `status`: the overrides that hold, [{"node", "what", "who", "when"}].
nlohmann::json overrides_document(const control::NodeMemory& memory);
std::string overrides_text(const nlohmann::json& document);

}  // namespace keyshift::cli
