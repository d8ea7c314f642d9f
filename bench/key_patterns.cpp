// What it costs to ask whose a key is: one rule against a hundred, keys in scope and out of it, and the other name.
// The keys are the same for either number of rules, so that only the table differs.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "transforms/rule_set.hpp"

namespace {

using namespace keyshift;
using namespace keyshift::transforms;

std::unique_ptr<const RuleSet> rules(std::int64_t count) {
  MigrationFile file;
  file.source.url = "redis://localhost:6379/0";
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    Rule rule;
    rule.name = "r" + n;
    rule.from = *KeyPattern::parse("service" + n + ":user:<id>");
    rule.to = *KeyPattern::parse("{service" + n + ":user:<id>}:profile");
    file.rules.push_back(std::move(rule));
  }
  return std::make_unique<const RuleSet>(file);
}

/// Keys enough to defeat a predictor that learns them by heart, few enough to stay in the cache.
std::vector<Bytes> keys(const std::string& prefix) {
  std::vector<Bytes> list;
  for (int i = 0; i < 1024; ++i) list.push_back(prefix + std::to_string(1'000'000 + i * 7919 % 1'000'000));
  return list;
}

void match(benchmark::State& state, const std::string& prefix, bool in_scope) {
  const auto set = rules(state.range(0));
  const std::vector<Bytes> all = keys(prefix);
  KS_CHECK((set->match(all[0]).rule >= 0) == in_scope, "the benchmark asks what its name says");
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(set->match(all[at++ & 1023U]));
  state.counters["table_bytes"] = static_cast<double>(set->table_memory());
}

void in_scope(benchmark::State& state) { match(state, "service0:user:", true); }
void out_of_scope_at_once(benchmark::State& state) { match(state, "cart:items:", false); }
void out_of_scope_late(benchmark::State& state) { match(state, "service0:users:", false); }

void other_name(benchmark::State& state) {
  const auto set = rules(state.range(0));
  const std::vector<Bytes> all = keys("service0:user:");
  Bytes out;
  std::size_t at = 0;
  for (auto _ : state) {
    const Bytes& key = all[at++ & 1023U];
    set->other_name(set->match(key), key, out);
    benchmark::DoNotOptimize(out.data());
  }
}

void glob_excluded(benchmark::State& state) {
  const auto set = rules(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(set->glob_excludes("cart:*"));
}

void compile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(rules(state.range(0)));
}

BENCHMARK(in_scope)->Arg(1)->Arg(100);
BENCHMARK(out_of_scope_at_once)->Arg(1)->Arg(100);
BENCHMARK(out_of_scope_late)->Arg(1)->Arg(100);
BENCHMARK(other_name)->Arg(1)->Arg(100);
BENCHMARK(glob_excluded)->Arg(1)->Arg(100);
BENCHMARK(compile)->Arg(1)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
