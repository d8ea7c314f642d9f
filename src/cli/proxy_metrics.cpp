#include <chrono>

#include "cli/proxy_view.hpp"

namespace keyshift::cli {
namespace {

using observe::Metric;
using observe::MetricsSink;

void connections(const ProxyView& view, const ProxyTotals& totals, MetricsSink& sink) {
  sink.add(Metric::client_connections, std::uint64_t{view.snapshot.client_connections});
  sink.add(Metric::upstream_connections, std::uint64_t{view.snapshot.upstream_connections});
  sink.add(Metric::clients_accepted, totals.sessions_opened);
  sink.add(Metric::upstreams_opened, totals.upstreams_opened);
  sink.add(Metric::upstream_failures, totals.upstream_failures);
  sink.add(Metric::protocol_errors, totals.protocol_errors);
  sink.add(Metric::output_limit_kills, totals.output_limit_kills);
  sink.add(Metric::unknown_outcomes, totals.unknown_outcomes);
  sink.add(Metric::big_replies, totals.big_replies);
  sink.add(Metric::generations, totals.generations);
  sink.add(Metric::given_up, totals.given_up);
}

void commands(const ProxyView& view, MetricsSink& sink) {
  const auto rows = view.table.all();
  for (const proxy::EngineCounters* worker : view.counters)
    for (std::size_t id = 0; id < worker->commands.size(); ++id) {
      const auto* command = worker->commands[id].load(std::memory_order_acquire);
      if (command == nullptr) continue;
      for (std::size_t route = 0; route < proxy::kRoutes; ++route)
        if (const std::uint64_t n = command->by_route[route].read(); n != 0)
          sink.add(Metric::commands, n, {command_name(rows, id), name(static_cast<proxy::Route>(route))});
    }
  for (const Refusal& r : refusals_of(view)) sink.add(Metric::refused_commands, r.count, {r.rule, r.command, r.reason});
}

void durations(const ProxyTotals& totals, MetricsSink& sink) {
  std::array<double, proxy::kBucketMicros.size()> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = proxy::kBucketMicros[i] / 1e6;
  const auto add = [&](Metric metric, const ProxyTotals::Sum& sum) {
    sink.add_histogram(metric, bounds, sum.buckets, static_cast<double>(sum.micros) / 1e6);
  };
  add(Metric::command_duration, totals.duration);
  add(Metric::upstream_duration, totals.upstream);
  add(Metric::move_duration, totals.moves);
  add(Metric::hold_duration, totals.holds);
}

void control_metrics(const ProxyView& view, MetricsSink& sink) {
  if (!view.following) return;
  sink.add(Metric::epoch, view.serving->change.id.epoch);
  if (view.following->age_seconds) sink.add(Metric::control_age, *view.following->age_seconds);
  sink.add(Metric::stale_killed, view.following->killed);
  for (const control::RunEntry& run : view.serving->change.runs)
    for (const auto phase : {control::Phase::observe, control::Phase::migrate, control::Phase::cutover,
                             control::Phase::complete, control::Phase::rollback})
      sink.add(Metric::phase, std::uint64_t{run.phase == phase}, {run.name, name(phase)});
}

/// One rule of a run: what commands and the sweep did to its records.
void rule_metrics(const ProxyView& view, const control::ServedRun& run, std::size_t i, MetricsSink& sink) {
  const std::string migration = migration_name(run);
  const std::string& rule = run.rules->rules()[i].name;
  const std::string_view direction = migration::runs_at_new(run.mode) ? "up" : "down";
  const auto moves = [&](std::string_view trigger, std::string_view result, std::uint64_t n) {
    if (n != 0) sink.add(Metric::moves, n, {migration, rule, direction, trigger, result});
  };
  const RuleTotals by_command = rule_totals(view.counters, run.first_rule + i);
  moves("command", "moved", by_command.moved);
  moves("command", "absent", by_command.absent);
  moves("command", "conflict", by_command.conflicts);
  moves("command", "failed", by_command.refused);
  const driver::SweepProgress* const sweep = sweep_of(view, run.id);
  migration::RuleCounts swept;
  if (sweep != nullptr && i < sweep->by_rule.size()) swept = sweep->by_rule[i];
  sink.add(Metric::conflicts, by_command.conflicts + swept.conflicts, {migration, rule});
  if (sweep != nullptr && i < sweep->remaining_by_rule.size() && sweep->remaining_by_rule[i] >= 0)
    sink.add(Metric::records_remaining, sweep->remaining_by_rule[i], {migration, rule});
  moves("sweep", "moved", swept.moved);
  moves("sweep", "absent", swept.gone);
  moves("sweep", "conflict", swept.conflicts);
  moves("sweep", "failed", swept.failed);
}

void run_metrics(const ProxyView& view, const control::ServedRun& run, MetricsSink& sink) {
  for (const auto mode :
       {migration::Mode::old, migration::Mode::to_new, migration::Mode::at_new, migration::Mode::to_old})
    sink.add(Metric::mode, std::uint64_t{run.mode == mode}, {migration_name(run), name(mode)});
  for (std::size_t i = 0; run.rules && i < run.rules->rules().size(); ++i) rule_metrics(view, run, i, sink);
}

void sweep_metrics(const std::string& migration, const driver::SweepProgress& sweep, MetricsSink& sink) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(migration::SweepState::failed); ++i) {
    const auto state = static_cast<migration::SweepState>(i);
    sink.add(Metric::sweep_state, std::uint64_t{sweep.state == state}, {migration, name(state)});
  }
  sink.add(Metric::sweep_pass, std::uint64_t{sweep.pass}, {migration});
  sink.add(Metric::sweep_clean, std::uint64_t{sweep.clean_pass}, {migration});
  sink.add(Metric::sweep_keys, sweep.scanned, {migration});
  sink.add(Metric::sweep_rate, sweep.keys_per_second, {migration});
  if (sweep.moved_before != Time{}) {
    const auto lag = std::chrono::steady_clock::now() - sweep.moved_before;
    sink.add(Metric::sweep_lag, std::chrono::duration<double>(lag).count(), {migration});
  }
  sink.add(Metric::sweep_latency, sweep.server_latency_seconds, {migration});
  for (std::size_t i = 1; i < sweep.throttled_seconds.size() && i < migration::kWaitReasons; ++i)
    sink.add(Metric::sweep_throttled, sweep.throttled_seconds[i],
             {migration, name(static_cast<migration::WaitReason>(i))});
}

}  // namespace

void collect_metrics(const ProxyView& view, MetricsSink& sink) {
  const ProxyTotals totals = totals_of(view.counters);
  sink.add(Metric::build_info, std::uint64_t{1}, {KEYSHIFT_VERSION});
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  sink.add(Metric::start_time, now - view.uptime_seconds);
  connections(view, totals, sink);
  commands(view, sink);
  durations(totals, sink);
  control_metrics(view, sink);
  for (const control::ServedRun& run : view.serving->runs) {
    if (!run.migration) continue;
    run_metrics(view, run, sink);
    if (const auto* sweep = sweep_of(view, run.id)) sweep_metrics(run.migration->name, *sweep, sink);
  }
}

}  // namespace keyshift::cli
