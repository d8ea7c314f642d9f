#include "plants.hpp"

#include <cstdio>

#include "fleet.hpp"

namespace keyshift::simulation {
namespace {

using control::FlipNaive;
using proxy::Naive;

/// Which failovers its runs have: as the seed says, none, or many, which no connection outlives or which all do.
enum class Failovers : std::uint8_t { any, none, many, outlived };

/// Where it must be found in nine batches of ten: on every change, in the long run, or nowhere: too rare for that.
enum class Demand : std::uint8_t { quick, all, rare };

/// One mistake of the models, planted in the shipped code.
struct Plant {
  const char* name;
  const char* model;  ///< what the models call it
  Naive engine;
  FlipNaive flip;
  std::size_t batch;  ///< runs of one batch
  Demand demand;
  Failovers failovers = Failovers::any;
};

const Plant kPlants[] = {
    {"unread", "flip NAIVE_NOREAD, fence NAIVE_NOKEY", Naive::unread, FlipNaive::none, 50, Demand::quick},
    {"unheld", "a hold stops nothing", Naive::unheld, FlipNaive::none, 80, Demand::quick},
    {"old-side", "rename NAIVE_OLD", Naive::old_side, FlipNaive::none, 30, Demand::quick},
    {"refused", "rename NAIVE_REFUSED", Naive::refused, FlipNaive::none, 80, Demand::quick, Failovers::none},
    {"closes", "parked NAIVE_CLOSE", Naive::closes, FlipNaive::none, 80, Demand::quick, Failovers::none},
    {"no-kill", "flip NAIVE_NOKILL", Naive::none, FlipNaive::no_kill, 50, Demand::quick},
    {"remembered", "value NAIVE_CACHE", Naive::remembered, FlipNaive::none, 600, Demand::all},
    {"piped", "rename NAIVE_PIPED", Naive::piped, FlipNaive::none, 150, Demand::quick},
    {"retry", "rename NAIVE_RETRY", Naive::retry, FlipNaive::none, 300, Demand::all, Failovers::many},
    {"away", "flip NAIVE_AWAY", Naive::none, FlipNaive::away, 500, Demand::all, Failovers::outlived},
    {"key-first", "fence NAIVE_KEYFIRST", Naive::key_first, FlipNaive::none, 800, Demand::all},
    {"set-key", "fence NAIVE_SETKEY", Naive::none, FlipNaive::set_key, 1000, Demand::rare},
    {"unshown", "fence WAITCONN", Naive::none, FlipNaive::unshown, 1000, Demand::rare, Failovers::many},
    {"back-era", "fence NAIVE_BACKERA", Naive::none, FlipNaive::back_era, 1000, Demand::rare, Failovers::many},
    {"no-word", "fence NAIVE_NOWORD", Naive::no_word, FlipNaive::none, 1000, Demand::rare, Failovers::many},
    {"no-reread", "fence NAIVE_NOREREAD", Naive::no_reread, FlipNaive::none, 1000, Demand::rare, Failovers::outlived},
    {"parked", "flip NAIVE_PARKED, parked NAIVE_STAY", Naive::none, FlipNaive::parked, 1000, Demand::rare},
    {"name-epoch", "fence NAIVE_NAMEEPOCH", Naive::none, FlipNaive::name_epoch, 1000, Demand::rare, Failovers::many},
    {"skip-hold", "fence NAIVE_SKIPHOLD", Naive::none, FlipNaive::skip_hold, 1000, Demand::rare, Failovers::many},
    {"cur-first", "fence NAIVE_CURFIRST", Naive::none, FlipNaive::cur_first, 1000, Demand::rare, Failovers::many},
    {"stale-look", "flip NAIVE_STALECHK", Naive::none, FlipNaive::stale_look, 1000, Demand::rare, Failovers::many},
    {"end-forced", "fence NAIVE_ENDFORCED", Naive::none, FlipNaive::end_forced, 1000, Demand::rare, Failovers::many},
};

bool wanted(const Plant& plant, const std::string& name) {
  if (name == "quick") return plant.demand == Demand::quick;
  if (name == "all") return plant.demand != Demand::rare;
  return name == "rare" ? plant.demand == Demand::rare : name == plant.name;
}

int run_plant(const Plant& plant, const SuiteOptions& options) {
  std::uint64_t found = 0, runs = 0;
  for (std::uint64_t batch = 0; batch < options.batches; ++batch)
    for (std::uint64_t i = 0; i < plant.batch; ++i) {
      Plan plan;
      plan.seed = (options.seed + batch) * 1'000'000 + i;
      plan.steps = options.steps;
      plan.naive = plant.engine;
      plan.flip_naive = plant.flip;
      if (plant.failovers != Failovers::any) plan.failovers = plant.failovers != Failovers::none;
      if (plant.failovers >= Failovers::many) plan.survivors = plant.failovers == Failovers::outlived;
      ++runs;
      const Outcome run = Fleet(plan).run();
      if (run.wrong.empty()) continue;
      ++found;
      if (options.show) std::printf("  seed %llu: %s\n", static_cast<unsigned long long>(plan.seed), run.wrong.c_str());
      break;
    }
  const bool good = found * 10 >= options.batches * 9;
  std::printf("%-11s %-42s found in %llu of %llu batches of %zu, after %.1f runs%s\n", plant.name, plant.model,
              static_cast<unsigned long long>(found), static_cast<unsigned long long>(options.batches), plant.batch,
              static_cast<double>(runs) / static_cast<double>(options.batches), good ? "" : "  NOT ENOUGH");
  std::fflush(stdout);
  return good ? 0 : 1;
}

}  // namespace

int run_plants(const SuiteOptions& options) {
  int failed = 0, passed = 0;
  for (const Plant& plant : kPlants)
    if (wanted(plant, options.naive)) run_plant(plant, options) == 0 ? ++passed : ++failed;
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace keyshift::simulation
