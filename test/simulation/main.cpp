// fleet_simulation [--runs N] [--seed S] [--steps N] [--naive NAME] [--show] [--trace]: see docs/simulation.md.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "simulation/fleet/suite.hpp"

int main(int argc, char** argv) {
  keyshift::simulation::SuiteOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* next = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--show" || word == "--trace") {
      options.show = true;
      options.trace = options.trace || word == "--trace";
      continue;
    }
    ++i;
    if (word == "--runs")
      options.runs = std::strtoull(next, nullptr, 10);
    else if (word == "--seed")
      options.seed = std::strtoull(next, nullptr, 10);
    else if (word == "--steps")
      options.steps = std::strtoull(next, nullptr, 10);
    else if (word == "--batches")
      options.batches = std::strtoull(next, nullptr, 10);
    else if (word == "--naive")
      options.naive = next;
    else
      return std::fputs(
                 "fleet_simulation [--runs N] [--seed S] [--steps N] [--naive NAME|quick|all|rare [--batches N]] "
                 "[--show] "
                 "[--trace]\n",
                 stderr),
             2;
  }
  return keyshift::simulation::run_suite(options);
}
