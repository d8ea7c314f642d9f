#pragma once
#include <string>
#include <string_view>

#include "transforms/migration_file.hpp"

namespace keyshift::control {

/// Runs live side by side while no key can belong to two of them. Looks at both sides of every rule of `added` and of
/// `there`, a run of that name at the same store, as at the rules of one file. What is wrong, naming both runs, both
/// rules and an example key; empty: nothing. Runs in different databases never clash.
std::string clash_of_runs(const transforms::MigrationFile& added, std::string_view name,
                          const transforms::MigrationFile& there);

}  // namespace keyshift::control
