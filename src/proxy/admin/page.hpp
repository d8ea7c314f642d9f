#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace keyshift::proxy {

/// The page at `/`: the status document for people, rendered here so that it says everything without script; a small
/// inline one refreshes it from /status every second. Nothing is loaded from elsewhere. Never throws on a document of
/// another shape: what is missing shows as a dash.
std::string status_page(const nlohmann::json& status);

/// `text` with what means something in HTML escaped; also safe inside quoted attributes.
std::string html_escaped(std::string_view text);

}  // namespace keyshift::proxy
