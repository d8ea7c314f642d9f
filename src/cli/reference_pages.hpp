#pragma once
#include <string>

namespace keyshift::cli {

/// The pages of docs/ that are made from tables of the program; a test compares them.
std::string configuration_page();  ///< docs/configuration.md
std::string errors_page();         ///< docs/errors.md
std::string cli_page();            ///< docs/cli.md

}  // namespace keyshift::cli
