#pragma once
#include <string>

#include "base/result.hpp"
#include "cli/command_line.hpp"

namespace keyshift::cli {

/// Asks `question` on a terminal and wants "yes"; elsewhere only --yes counts. Error `gate`: not confirmed.
Result<void> confirmed(const Invocation& invocation, const std::string& question);

}  // namespace keyshift::cli
