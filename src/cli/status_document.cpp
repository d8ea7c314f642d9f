#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/proxy_view.hpp"

namespace keyshift::cli {
namespace {

using nlohmann::json;
constexpr std::size_t refusals_shown = 100;

std::string text_of(const transforms::SchemaVersion& end) { return end.schema + "=" + end.version; }

json migration_part(const control::ServedRun& run) {
  if (!run.migration) return nullptr;
  return {{"name", run.migration->name},
          {"run", run.id},
          {"from", text_of(run.migration->from)},
          {"to", text_of(run.migration->to)}};
}

/// What the control record says; null where mode and rules are given by hand, or there is no record.
json control_part(const control::Serving& serving) {
  if (!serving.change.id) return nullptr;
  const bool held = serving.records == control::Serving::Records::hold;
  const bool all_refused = !serving.runs.empty() && std::all_of(serving.runs.begin(), serving.runs.end(),
                                                                [](const auto& run) { return !run.refusal.empty(); });
  const bool refused = serving.records == control::Serving::Records::refuse || all_refused;
  return {{"epoch", serving.change.id.epoch},
          {"era", serving.change.era},
          {"records", refused ? "refused"
                      : held  ? "held"
                              : "served"},
          {"reason", serving.reason}};
}

json commands_part(const ProxyView& view, const ProxyTotals& totals) {
  json out{{"total", totals.commands()}, {"per_second", view.commands_per_second}};
  for (std::size_t route = 0; route < proxy::kRoutes; ++route)
    out[std::string(name(static_cast<proxy::Route>(route)))] = totals.by_route[route];
  const double micros = static_cast<double>(totals.duration.micros);
  out["mean_seconds"] = totals.answered == 0 ? 0.0 : micros / static_cast<double>(totals.answered) / 1e6;
  return out;
}

/// An estimate but for 0 behind a clean pass; null while nothing is known.
json remaining_of(const driver::SweepProgress* sweep, std::size_t rule) {
  if (sweep == nullptr || rule >= sweep->remaining_by_rule.size() || sweep->remaining_by_rule[rule] < 0) return nullptr;
  return std::llround(sweep->remaining_by_rule[rule]);
}

void add_rules(const ProxyView& view, const control::ServedRun& run, json& out) {
  if (!run.rules) return;
  const auto& rules = run.rules->rules();
  const driver::SweepProgress* const sweep = sweep_of(view, run.id);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const RuleTotals totals = rule_totals(view.counters, run.first_rule + i);
    migration::RuleCounts swept;
    if (sweep != nullptr && i < sweep->by_rule.size()) swept = sweep->by_rule[i];
    out.push_back({{"name", rules[i].name},
                   {"migration", migration_name(run)},
                   {"from", rules[i].from.text()},
                   {"to", rules[i].to.text()},
                   {"remaining", remaining_of(sweep, i)},
                   {"moved_by_commands", totals.moved},
                   {"swept", swept.moved},
                   {"conflicts", totals.conflicts + swept.conflicts},
                   {"failed", totals.refused + swept.failed}});
  }
}

json rules_part(const ProxyView& view) {
  json out = json::array();
  for (const control::ServedRun& run : view.serving->runs) add_rules(view, run, out);
  return out;
}

json sweep_part(const ProxyView& view, const control::ServedRun& run) {
  const driver::SweepProgress* const sweep = sweep_of(view, run.id);
  return sweep == nullptr ? json(nullptr) : sweep_document(*sweep);
}

json runs_part(const ProxyView& view) {
  json out = json::array();
  for (const control::ServedRun& run : view.serving->runs)
    out.push_back({{"name", migration_name(run)},
                   {"run", run.id},
                   {"mode", name(run.mode)},
                   {"refused", run.refusal},
                   {"sweep", sweep_part(view, run)}});
  return out;
}

json failures_part(const ProxyView& view, const ProxyTotals& totals) {
  json refusals = json::array();
  for (const Refusal& r : refusals_of(view)) {
    if (refusals.size() == refusals_shown) break;
    refusals.push_back({{"rule", r.rule}, {"command", r.command}, {"reason", r.reason}, {"count", r.count}});
  }
  return {{"refused", totals.refused},
          {"refusals", std::move(refusals)},
          {"unknown_outcomes", totals.unknown_outcomes},
          {"protocol_errors", totals.protocol_errors},
          {"output_limit_kills", totals.output_limit_kills},
          {"conflicts_resolved", totals.conflicts_resolved}};
}

}  // namespace

json sweep_document(const driver::SweepProgress& sweep) {
  json throttled = json::object();
  for (std::size_t i = 1; i < sweep.throttled_seconds.size() && i < migration::kWaitReasons; ++i)
    throttled[std::string(name(static_cast<migration::WaitReason>(i)))] = sweep.throttled_seconds[i];
  return {{"state", name(sweep.state)},
          {"waits", name(sweep.waits)},
          {"why", meaning(sweep.waits)},
          {"detail", sweep.detail},
          {"pass", sweep.pass},
          {"pass_estimate", sweep.pass_estimate},
          {"clean_pass", sweep.clean_pass},
          {"scanned", sweep.scanned},
          {"found", sweep.total.found},
          {"moved", sweep.total.moved},
          {"gone", sweep.total.gone},
          {"conflicts", sweep.total.conflicts},
          {"quarantined", sweep.total.quarantined},
          {"failed", sweep.total.failed},
          {"keys_per_second", sweep.keys_per_second},
          {"allowed_keys_per_second", sweep.allowed_keys_per_second},
          {"server_latency_seconds", sweep.server_latency_seconds},
          {"throttled_seconds", std::move(throttled)},
          {"conflict_list", sweep.conflicts}};
}

json report_document(const ProxyView& view, UnixMillis at) {
  const ProxyTotals totals = totals_of(view.counters);
  const json control = control_part(*view.serving);
  return {{"format", 1},
          {"version", KEYSHIFT_VERSION},
          {"written_ms", at.time_since_epoch().count()},
          {"view", view.startup.view == migration::View::old ? "old" : "new"},
          {"epoch", view.serving->change.id.epoch},
          {"records", control.is_null() ? json("served") : control["records"]},
          {"reason", view.serving->reason},
          {"uptime_seconds", std::llround(view.uptime_seconds)},
          {"clients", view.snapshot.client_connections},
          {"commands", commands_part(view, totals)},
          {"rules", rules_part(view)},
          {"failures", failures_part(view, totals)}};
}

json status_document(const ProxyView& view) {
  const ProxyTotals totals = totals_of(view.counters);
  const Startup& startup = view.startup;
  const control::ServedRun none;
  const control::ServedRun& first = view.serving->runs.empty() ? none : view.serving->runs.front();
  return {{"version", KEYSHIFT_VERSION},
          {"name", startup.name},
          {"uptime_seconds", view.uptime_seconds},
          {"ready", view.snapshot.listening},
          {"draining", view.snapshot.draining},
          {"listeners", view.snapshot.listeners},
          {"upstream", startup.upstream.printed()},
          {"threads", view.counters.size()},
          {"mode", name(first.mode)},
          {"view", startup.view == migration::View::old ? "old" : "new"},
          {"migration", migration_part(first)},
          {"runs", runs_part(view)},
          {"control", control_part(*view.serving)},
          {"clients",
           {{"connected", view.snapshot.client_connections},
            {"accepted", totals.sessions_opened},
            {"limit", startup.settings.number("max-clients")}}},
          {"upstream_connections",
           {{"open", view.snapshot.upstream_connections},
            {"opened", totals.upstreams_opened},
            {"failures", totals.upstream_failures}}},
          {"commands", commands_part(view, totals)},
          {"rules", rules_part(view)},
          {"sweep", sweep_part(view, first)},
          {"failures", failures_part(view, totals)}};
}

}  // namespace keyshift::cli
