#include "control/serving.hpp"

#include <algorithm>

#include "transforms/rule_check.hpp"

namespace keyshift::control {
namespace {

using transforms::RuleSet;
using Parts = std::vector<std::shared_ptr<const RuleSet>>;
/// As many as a server has that nobody has configured.
constexpr int kDatabases = 16;

std::vector<transforms::Rule> rules_of(const Parts& parts) {
  std::vector<transforms::Rule> out;
  for (const auto& part : parts) out.insert(out.end(), part->rules().begin(), part->rules().end());
  return out;
}

/// What keeps `parts` from being one set of rules; empty: nothing.
std::string clash_of(const Parts& parts) {
  auto copy = rules_of(parts);
  const auto found = transforms::find_rule_problems(copy, false);
  return found.empty() ? std::string() : found.front().problem.what;
}

/// The runs of `serving` with records in `database`, by index.
std::vector<std::uint16_t> runs_in(const Serving& serving, int database) {
  std::vector<std::uint16_t> out;
  for (std::size_t i = 0; i < serving.runs.size(); ++i)
    if (serving.runs[i].rules && serving.runs[i].rules->database() == database)
      out.push_back(static_cast<std::uint16_t>(i));
  return out;
}

/// Those of `runs` that go together, in order; each other one goes to `here.shut`.
Parts sound_parts(Serving& serving, const std::vector<std::uint16_t>& runs, ServedDatabase& here) {
  Parts sound;
  for (const std::uint16_t run : runs) {
    ServedRun& one = serving.runs[run];
    Parts more = sound;
    more.push_back(one.rules);
    const std::string clash = more.size() == 1 ? std::string() : clash_of(more);
    if (clash.empty()) {
      sound = std::move(more);
      continue;
    }
    one.refusal = "keys of the run " + one.name + " clash with those of another run: " + clash;
    here.shut.push_back({one.rules, run});
  }
  return sound;
}

const ServedDatabase* same_parts(const Serving* before, int database, const Parts& parts) {
  if (before == nullptr) return nullptr;
  for (const ServedDatabase& one : before->databases)
    if (one.database == database && one.parts == parts) return &one;
  return nullptr;
}

/// Takes over what was found out about the same parts, which are now those of `runs`.
void take_over(Serving& serving, const std::vector<std::uint16_t>& runs, const Serving& before,
               const ServedDatabase& same, ServedDatabase& here) {
  here.rules = same.rules;
  for (ShutRun shut : same.shut) {
    if (!shut.rules) continue;  // found out anew
    const auto part = std::find(same.parts.begin(), same.parts.end(), shut.rules) - same.parts.begin();
    const std::string& why = before.runs[shut.run].refusal;
    shut.run = runs[static_cast<std::size_t>(part)];
    serving.runs[shut.run].refusal = why;
    here.shut.push_back(std::move(shut));
  }
}

std::shared_ptr<const RuleSet> compiled(const Parts& parts, int database) {
  if (parts.size() == 1) return parts.front();
  return std::make_shared<const RuleSet>(rules_of(parts), transforms::Policy(), database);
}

void add_rules(const Serving& serving, std::uint16_t run, ServedDatabase& here) {
  const ServedRun& one = serving.runs[run];
  const bool shut = std::any_of(here.shut.begin(), here.shut.end(), [&](const ShutRun& s) { return s.run == run; });
  if (!one.refusal.empty()) here.refused_run = run;
  if (shut) return;
  here.moving |= one.refusal.empty() && migration::moving(one.mode);
  for (std::size_t i = 0; i < one.rules->rules().size(); ++i)
    here.by_rule.push_back(
        {one.mode, !one.refusal.empty(), run, one.first_rule + static_cast<std::uint32_t>(i), one.rules->policy()});
}

ServedDatabase database_of(Serving& serving, int database, const Serving* before) {
  ServedDatabase out;
  out.database = database;
  const auto runs = runs_in(serving, database);
  Parts all;
  for (const std::uint16_t run : runs) all.push_back(serving.runs[run].rules);
  if (const ServedDatabase* same = same_parts(before, database, all)) {
    take_over(serving, runs, *before, *same, out);
  } else {
    out.rules = compiled(sound_parts(serving, runs, out), database);
  }
  out.parts = std::move(all);
  for (std::size_t i = 0; i < serving.runs.size(); ++i)
    if (!serving.runs[i].rules && !serving.runs[i].refusal.empty()) {
      out.shut.push_back({nullptr, static_cast<std::uint16_t>(i)});
      out.refused_run = static_cast<std::int32_t>(i);
    }
  for (const std::uint16_t run : runs) add_rules(serving, run, out);
  return out;
}

}  // namespace

void lay_out(Serving& serving, const Serving* before) {
  std::vector<int> databases;
  const auto unknown = [](const ServedRun& run) { return !run.rules && !run.refusal.empty(); };
  const bool anywhere = std::any_of(serving.runs.begin(), serving.runs.end(), unknown);
  for (int database = 0; anywhere && database < kDatabases; ++database) databases.push_back(database);
  for (const ServedRun& run : serving.runs)
    if (run.rules && std::find(databases.begin(), databases.end(), run.rules->database()) == databases.end())
      databases.push_back(run.rules->database());
  serving.databases.clear();
  for (const int database : databases) serving.databases.push_back(database_of(serving, database, before));
}

std::chrono::milliseconds hold_limit(const Serving& serving) noexcept {
  std::chrono::milliseconds longest{0};
  for (const ServedRun& run : serving.runs)
    if (run.migration) longest = std::max(longest, run.migration->hold_limit);
  return longest.count() == 0 ? std::chrono::milliseconds(2000) : longest;
}

}  // namespace keyshift::control
