#include "suite.hpp"

#include <algorithm>
#include <cstdio>

#include "fleet.hpp"
#include "plants.hpp"

namespace keyshift::simulation {
namespace {

using std::size_t;

/// What many runs were, together: whether they were hard enough.
struct Hardness {
  std::uint64_t runs = 0, judged = 0, eras = 0, commands = 0, unknown = 0, refused = 0, killed = 0, losses = 0,
                loose = 0;
  std::array<size_t, kFlipSteps> faults{};
  std::vector<size_t> concurrency;

  void add(const Outcome& run) {
    ++runs;
    judged += run.judged ? 1 : 0;
    eras += run.eras;
    commands += run.commands;
    unknown += run.unknown;
    refused += run.refused;
    killed += run.killed;
    losses += run.losses;
    loose += run.loose;
    for (size_t i = 0; i < kFlipSteps; ++i) faults[i] += run.faults[i];
    if (run.judged) concurrency.push_back(run.concurrency);
  }
  [[nodiscard]] size_t median() const {
    auto sorted = concurrency;
    std::sort(sorted.begin(), sorted.end());
    return sorted.empty() ? 0 : sorted[sorted.size() / 2];
  }
  /// Names what was too easy; few runs prove nothing of it.
  [[nodiscard]] int check() const {
    int failed = 0;
    const auto must = [&failed](bool good, const char* what) {
      if (good) return;
      std::printf("too easy: %s\n", what);
      ++failed;
    };
    must(median() >= 4, "fewer than 4 commands were under way on a record, in the median");
    must(unknown > 0, "no outcome was unknown");
    for (size_t i = 1; i < kFlipSteps; ++i) must(faults[i] > 0, "a step of the flip without a fault");
    must(eras > 2 * runs, "too few flips");
    must(killed > 0, "no connection was killed");
    must(losses > 0, "no failover lost anything");
    must(judged > 0, "no history was judged");
    return failed;
  }
  void print() const {
    std::printf(
        "%llu runs, %llu histories judged, %llu eras, %llu commands, %llu outcomes unknown, %llu refused, %llu "
        "connections "
        "killed, %llu failovers with losses, concurrency %zu, faults outside and in steps 1 to 4 of a flip:",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(judged),
        static_cast<unsigned long long>(eras), static_cast<unsigned long long>(commands),
        static_cast<unsigned long long>(unknown), static_cast<unsigned long long>(refused),
        static_cast<unsigned long long>(killed), static_cast<unsigned long long>(losses), median());
    for (const size_t count : faults) std::printf(" %zu", count);
    std::printf("\n");
    if (loose > 0)
      std::printf("%llu transactions fell apart: EXEC found no MULTI\n", static_cast<unsigned long long>(loose));
  }
};

void show(std::uint64_t seed, const Outcome& run) {
  std::printf(
      "seed %llu: %zu operations, %zu unknown, %zu refused, %llu eras, %zu killed, %zu losses, %zu loose, concurrency "
      "%zu%s\n",
      static_cast<unsigned long long>(seed), run.operations, run.unknown, run.refused,
      static_cast<unsigned long long>(run.eras), run.killed, run.losses, run.loose, run.concurrency,
      run.judged ? "" : ", by the servers' order alone");
}

/// A history that was found good, spoilt: the judge must say so. False: it did not.
bool rejects_spoilt(const Outcome& run) {
  history::History spoilt = run.history;
  for (auto it = spoilt.rbegin(); it != spoilt.rend(); ++it) {
    if (!it->known() || it->commands[0][0] != "GET" || it->transaction) continue;
    // What is there is gone, or, where a write of unknown outcome might have done that, is something else.
    it->replies[0] = it->replies[0].null() || run.unknown > 0 ? history::text("nobody wrote this") : history::Reply{};
    std::string wrong;
    const auto verdict = history::judge(spoilt, {}, wrong);
    return verdict && !verdict->violations.empty();
  }
  return true;
}

int simulate(const SuiteOptions& options) {
  Hardness hardness;
  std::uint64_t failed = 0, spoilt = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.runs && failed < 5; ++seed) {
    Plan plan;
    plan.seed = seed;
    plan.steps = options.steps;
    plan.trace = options.trace;
    const Outcome run = Fleet(plan).run();
    hardness.add(run);
    if (options.show) show(seed, run);
    if (run.wrong.empty() && run.loose > 0) {
      ++failed;
      std::printf("seed %llu: EXEC found no MULTI, so a transaction ran command by command\n",
                  static_cast<unsigned long long>(seed));
    }
    if (!run.wrong.empty()) {
      ++failed;
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), run.wrong.c_str());
    } else if (run.judged && spoilt < 50) {
      ++spoilt;
      if (!rejects_spoilt(run)) {
        ++failed;
        std::printf("seed %llu: its spoilt history was found good\n", static_cast<unsigned long long>(seed));
      }
    }
  }
  hardness.print();
  if (options.runs >= 200) failed += static_cast<std::uint64_t>(hardness.check());
  std::printf("%llu passed, %llu failed\n",
              static_cast<unsigned long long>(hardness.runs - std::min(failed, hardness.runs)),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace

int run_suite(const SuiteOptions& options) { return options.naive.empty() ? simulate(options) : run_plants(options); }

}  // namespace keyshift::simulation
