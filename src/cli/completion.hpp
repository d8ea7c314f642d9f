#pragma once
#include <string>
#include <string_view>

#include "cli/command_line.hpp"

namespace keyshift::cli {

/// The completion script for `shell`, made from the tables of commands and options. Error `usage` for another shell.
Result<std::string> completion_script(std::string_view shell);

}  // namespace keyshift::cli
