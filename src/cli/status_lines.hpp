#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace keyshift::cli {

/// The status document for people: several lines, for a terminal. Texts of a peer are made printable; a document of
/// another shape shows dashes and never throws.
std::string status_text(const nlohmann::json& status);
/// The same in one line, for a pipe.
std::string status_line(const nlohmann::json& status);
/// One line on the part "sweep".
std::string sweep_line(const nlohmann::json& sweep);

}  // namespace keyshift::cli
