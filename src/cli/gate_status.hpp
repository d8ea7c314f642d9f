#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/gates.hpp"

namespace keyshift::cli {

/// The results that lie beside the record for the gates of a run, each with whether it still counts; and its backups.
nlohmann::json results_part(const control::GateFacts& facts);
nlohmann::json backups_part(const control::GateFacts& facts);

/// Of a run's document, for people; lines that begin with two blanks.
std::string results_text(const nlohmann::json& run);

}  // namespace keyshift::cli
