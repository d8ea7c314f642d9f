#include <algorithm>

#include "cli/proxy_view.hpp"

namespace keyshift::cli {
namespace {

void add(const proxy::CommandCounters& command, ProxyTotals& out) {
  for (std::size_t route = 0; route < out.by_route.size(); ++route)
    out.by_route[route] += command.by_route[route].read();
  out.duration.add(command.duration);
  out.upstream.add(command.duration);
  for (const Counter& bucket : command.duration.buckets) out.answered += bucket.read();
}

}  // namespace

void ProxyTotals::Sum::add(const proxy::Durations& more) noexcept {
  for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) buckets[bucket] += more.buckets[bucket].read();
  micros += more.micros.read();
}

std::uint64_t ProxyTotals::commands() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : by_route) sum += n;
  return sum;
}

std::string_view command_name(std::span<const commands::Command* const> rows, std::size_t id) noexcept {
  return id < rows.size() ? rows[id]->name : "learnt";
}

ProxyTotals totals_of(const std::vector<const proxy::EngineCounters*>& counters) {
  ProxyTotals out;
  for (const proxy::EngineCounters* worker : counters) {
    for (const auto& slot : worker->commands)
      if (const auto* command = slot.load(std::memory_order_acquire); command != nullptr) add(*command, out);
    out.upstream.add(worker->own);
    out.moves.add(worker->moves);
    out.holds.add(worker->holds);
    out.sessions_opened += worker->sessions_opened.read();
    out.upstreams_opened += worker->upstreams_opened.read();
    out.upstream_failures += worker->upstream_failures.read();
    out.unknown_outcomes += worker->unknown_outcomes.read();
    out.protocol_errors += worker->protocol_errors.read();
    out.output_limit_kills += worker->output_limit_kills.read();
    out.big_replies += worker->big_replies_asked_again.read();
    out.refused += worker->refused.read();
    out.conflicts_resolved += worker->conflicts_resolved.read();
    out.generations += worker->generations.read();
    out.given_up += worker->given_up.read();
  }
  return out;
}

RuleTotals rule_totals(const std::vector<const proxy::EngineCounters*>& counters, std::size_t index) {
  RuleTotals out;
  for (const proxy::EngineCounters* worker : counters) {
    const proxy::RuleCounters& rule = worker->rules[index % worker->rules.size()];
    out.moved += rule.moved.read();
    out.absent += rule.absent.read();
    out.conflicts += rule.conflicts.read();
    out.refused += rule.refused.read();
  }
  return out;
}

const driver::SweepProgress* sweep_of(const ProxyView& view, const std::string& run) noexcept {
  for (const driver::RunSweep& sweep : view.sweeps)
    if (sweep.run == run) return &sweep.progress;
  return nullptr;
}

std::string migration_name(const control::ServedRun& run) { return run.migration ? run.migration->name : run.name; }

namespace {

/// The name of the rule with that number; empty: none, or its run is over.
std::string rule_name(const control::Serving& serving, std::int32_t number) {
  for (const control::ServedRun& run : serving.runs) {
    const std::size_t rules = run.rules ? run.rules->rules().size() : 0;
    const auto at = static_cast<std::int64_t>(number) - static_cast<std::int64_t>(run.first_rule);
    if (at >= 0 && at < static_cast<std::int64_t>(rules)) return run.rules->rules()[static_cast<std::size_t>(at)].name;
  }
  return {};
}

}  // namespace

std::vector<Refusal> refusals_of(const ProxyView& view) {
  const auto commands = view.table.all();
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> sums;
  for (const proxy::EngineCounters* worker : view.counters) {
    const std::lock_guard lock(worker->refusals_lock);
    for (const auto& [which, count] : worker->refusals) {
      const auto& [rule, command, reason] = which;
      const auto name = command < 0 ? BytesView() : command_name(commands, static_cast<std::size_t>(command));
      sums[{rule < 0 ? std::string() : rule_name(*view.serving, rule), std::string(name), reason}] += count;
    }
  }
  std::vector<Refusal> out;
  for (const auto& [which, count] : sums)
    out.push_back({std::get<0>(which), std::get<1>(which), std::get<2>(which), count});
  std::stable_sort(out.begin(), out.end(), [](const Refusal& a, const Refusal& b) { return a.count > b.count; });
  return out;
}

}  // namespace keyshift::cli
