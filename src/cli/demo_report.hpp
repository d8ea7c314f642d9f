#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/demo_load.hpp"
#include "cli/demo_terminal.hpp"

namespace keyshift::cli::demo {

/// What was done to one of the proxies.
struct Harm {
  unsigned proxy = 0;         ///< counted from 0
  std::uint64_t clients = 0;  ///< that were connected to it just before: each had one command in flight at most
  double at = 0, seconds = 0;
};

/// How long the store was in a phase.
struct PhaseTime {
  std::string phase;
  double seconds = 0;
};

/// Records that went to one side: by the sweep, and by what clients sent.
struct Moved {
  std::uint64_t by_sweep = 0, by_clients = 0;
  [[nodiscard]] std::uint64_t sum() const noexcept { return by_sweep + by_clients; }
};

/// Everything that the demo ends with.
struct Report {
  std::uint64_t records = 0;
  unsigned clients = 0;
  Names names = Names::old;  ///< under which records are at the end
  double fill_seconds = 0, load_seconds = 0;
  std::vector<Typed> typed;  ///< what the operator has typed, but for looks at the status
  std::vector<PhaseTime> phases;
  Moved there, back;
  std::optional<Harm> killed, stopped;
  LoadTotals load;
  nlohmann::json verdict;  ///< verdict_document(), as the verdict's own process printed it
  long verdict_pid = 0;

  /// What clients of this proxy may have met: connections that broke, and commands without known outcome besides.
  [[nodiscard]] std::uint64_t cut_allowed(unsigned proxy) const;
  [[nodiscard]] std::uint64_t unknown_allowed(unsigned proxy) const;
  [[nodiscard]] bool passed() const;
};

std::string grouped(std::uint64_t number);  ///< 1000000: "1,000,000"

/// One line on the last second, while the store is in `phase`. `last` are the totals a second ago, `moved` what of the
/// records has gone to the side that they go to now.
std::string progress_line(const Report& now, const std::string& phase, std::uint64_t moved, const LoadTotals& last,
                          double seconds_between);
/// What a command said, in a line.
std::string typed_line(const Typed& typed);
std::string report_text(const Report& report);
nlohmann::json report_document(const Report& report);

}  // namespace keyshift::cli::demo
