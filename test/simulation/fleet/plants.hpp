#pragma once
#include "suite.hpp"

namespace keyshift::simulation {

/// Runs the planted mistakes that `options.naive` names: each must be found in nine batches of ten.
int run_plants(const SuiteOptions& options);

}  // namespace keyshift::simulation
