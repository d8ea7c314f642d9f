#pragma once
#include <cstdint>
#include <string>

namespace keyshift::simulation {

struct SuiteOptions {
  std::uint64_t runs = 1000, seed = 1, steps = 6000, batches = 10;
  std::string naive;   ///< a planted mistake, or "all"; empty: none
  bool trace = false;  ///< what every server executes
  bool show = false;   ///< what each run was
};

/// Runs it and prints what came out. 0: as it should be.
int run_suite(const SuiteOptions& options);

}  // namespace keyshift::simulation
