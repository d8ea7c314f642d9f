#pragma once
#include <array>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/startup.hpp"
#include "driver/sweep_switch.hpp"
#include "observe/metrics.hpp"
#include "proxy/engine/engine_counters.hpp"
#include "proxy/net/proxy.hpp"

namespace keyshift::cli {

/// What a proxy that follows the control record knows about its following.
struct ControlCounts {
  std::optional<double> age_seconds;  ///< since the record was read last; none: never yet
  std::uint64_t killed = 0;           ///< late connections closed in changes that it finished
};

/// A proxy at one moment, as far as it is shown to people and to Prometheus. Everything is copied or outlives it.
struct ProxyView {
  const Startup& startup;
  const commands::Table& table;
  proxy::StatusSnapshot snapshot;
  std::vector<const proxy::EngineCounters*> counters;  ///< one per worker
  std::vector<driver::RunSweep> sweeps;                ///< of the runs that are swept here
  std::shared_ptr<const control::Serving> serving;     ///< what is acted on; never null
  std::optional<ControlCounts> following;              ///< none: mode and rules are given by hand
  double uptime_seconds = 0;
  double commands_per_second = 0;
};

/// The name of the command with that id. What workers have learnt from their servers shares one: each worker numbers
/// those by itself.
std::string_view command_name(std::span<const commands::Command* const> rows, std::size_t id) noexcept;

/// Sums over all workers.
struct ProxyTotals {
  std::array<std::uint64_t, proxy::kRoutes> by_route{};
  struct Sum {
    std::array<std::uint64_t, proxy::kBucketMicros.size() + 1> buckets{};
    std::uint64_t micros = 0;
    void add(const proxy::Durations& more) noexcept;
  };
  Sum duration;  ///< of commands
  Sum upstream;  ///< of all requests, those commands among them
  Sum moves;
  Sum holds;
  std::uint64_t answered = 0;  ///< replies that have a duration
  std::uint64_t sessions_opened = 0, upstreams_opened = 0, upstream_failures = 0, unknown_outcomes = 0;
  std::uint64_t protocol_errors = 0, output_limit_kills = 0, big_replies = 0, refused = 0, conflicts_resolved = 0;
  std::uint64_t generations = 0, given_up = 0;
  [[nodiscard]] std::uint64_t commands() const noexcept;
};
ProxyTotals totals_of(const std::vector<const proxy::EngineCounters*>& counters);

/// The sweep of the run with that id; null: it is not swept here.
const driver::SweepProgress* sweep_of(const ProxyView& view, const std::string& run) noexcept;
/// The migration's name, or the run's where its spec is not understood.
std::string migration_name(const control::ServedRun& run);

/// The moves of rule `index` (its number among all that this process has served), over all workers.
struct RuleTotals {
  std::uint64_t moved = 0, absent = 0, conflicts = 0, refused = 0;
};
RuleTotals rule_totals(const std::vector<const proxy::EngineCounters*>& counters, std::size_t index);

/// Refusals by names of rule and command and by reason, over all workers.
struct Refusal {
  std::string rule, command, reason;
  std::uint64_t count = 0;
};
std::vector<Refusal> refusals_of(const ProxyView& view);

/// The status document: its fields are those of status_fields().
nlohmann::json status_document(const ProxyView& view);
/// The report that it leaves beside the record (control::read_proxy_report()): what of the status document is for
/// the whole fleet to see. `at`: now.
nlohmann::json report_document(const ProxyView& view, UnixMillis at);
/// Its part "sweep"; also what `keyshift sweep --json` prints.
nlohmann::json sweep_document(const driver::SweepProgress& sweep);
/// Adds everything that Prometheus is to see.
void collect_metrics(const ProxyView& view, observe::MetricsSink& sink);

}  // namespace keyshift::cli
