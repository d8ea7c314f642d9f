#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "cli/demo_load.hpp"
#include "cli/demo_servers.hpp"

namespace keyshift::cli::demo {

/// Everything that the demo ends with.
struct Report {
  std::uint64_t records = 0;
  unsigned clients = 0;
  double fill_seconds = 0, move_seconds = 0, load_seconds = 0;
  LoadTotals load;
  SweepView sweep;
  nlohmann::json verdict;  ///< verdict_document(), as the verdict's own process printed it
  long verdict_pid = 0;
  [[nodiscard]] bool passed() const;
};

std::string grouped(std::uint64_t number);  ///< 1000000: "1,000,000"

/// One line on the last second. `last` are the totals a second ago.
std::string progress_line(const Report& now, const LoadTotals& last, double seconds_between);
std::string report_text(const Report& report);
nlohmann::json report_document(const Report& report);

}  // namespace keyshift::cli::demo
