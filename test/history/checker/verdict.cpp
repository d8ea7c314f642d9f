#include "verdict.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace keyshift::history {

namespace {

using Outcome = Search::Outcome;

/// Where a window may begin: few states are possible, and nothing with a known outcome is under way.
constexpr std::size_t few = 3;

/// Goes through one component and remembers the last place where a window may begin.
struct Walk {
  Outcome outcome = Outcome::going;
  std::size_t cut = 0;
  std::size_t culprit = 0;
};

Walk walk(const Component& component, const SearchSettings& settings, Verdict& verdict,
          std::map<std::size_t, std::size_t>& concurrency) {
  Search search(component, settings);
  Walk result;
  std::size_t open = 0;
  while (result.outcome == Outcome::going) {
    if (search.open_known() == 0 && search.configurations() <= few) result.cut = search.position();
    result.outcome = search.advance();
    if (search.open_known() > open) ++concurrency[search.open_known()];
    open = search.open_known();
    verdict.most_configurations = std::max(verdict.most_configurations, search.configurations());
  }
  result.culprit = search.culprit();
  return result;
}

bool still_impossible(const Search& from, const std::vector<std::size_t>& left_out, std::size_t culprit) {
  Search search = from;
  for (const std::size_t step : left_out) search.leave_out(step);
  return search.run() == Outcome::impossible && search.culprit() == culprit;
}

Violation violation_in(const Component& component, const SearchSettings& settings, const Walk& walked) {
  Search from(component, settings);
  while (from.position() < walked.cut) from.advance();
  const Operation* culprit = component.steps[walked.culprit].operation;
  std::vector<std::size_t> window = from.open();
  const std::size_t old = window.size();
  for (std::size_t i = 0; i < component.steps.size(); ++i)
    if (component.steps[i].operation->begin <= culprit->end && !from.has_begun(i)) window.push_back(i);
  std::vector<std::size_t> left_out;
  for (std::size_t i = old; i < window.size(); ++i) {
    if (!component.steps[window[i]].without_effect || window[i] == walked.culprit) continue;
    left_out.push_back(window[i]);
    if (!still_impossible(from, left_out, walked.culprit)) left_out.pop_back();
  }
  Violation violation{component.keys, from.states(), {}, culprit};
  for (const std::size_t step : window)
    if (std::find(left_out.begin(), left_out.end(), step) == left_out.end())
      violation.window.push_back(component.steps[step].operation);
  return violation;
}

std::size_t median_of(const std::map<std::size_t, std::size_t>& counts) {
  std::size_t all = 0, below = 0;
  for (const auto& [value, count] : counts) all += count;
  for (const auto& [value, count] : counts) {
    below += count;
    if (below * 2 >= all) return value;
  }
  return 0;
}

}  // namespace

std::optional<Verdict> judge(History& history, const SearchSettings& settings, std::string& wrong) {
  const auto components = components_of(history, wrong);
  if (!components) return std::nullopt;
  Verdict verdict;
  verdict.operations = history.size();
  verdict.components = components->size();
  std::map<std::size_t, std::size_t> concurrency;
  for (const Component& component : *components) {
    for (const Step& step : component.steps) verdict.unknown += step.operation->known() ? 0U : 1U;
    const Walk walked = walk(component, settings, verdict, concurrency);
    if (walked.outcome == Outcome::impossible) verdict.violations.push_back(violation_in(component, settings, walked));
    if (walked.outcome == Outcome::undecided) verdict.undecided.push_back(component.keys.front());
  }
  verdict.concurrency_median = median_of(concurrency);
  verdict.concurrency_most = concurrency.empty() ? 0 : concurrency.rbegin()->first;
  return verdict;
}

std::string show(const Violation& violation) {
  const Instant origin = violation.window.empty() ? 0 : violation.culprit->begin;
  std::string out = "not linearizable:";
  for (const auto& key : violation.keys) out += " " + key;
  out += "\n  before, one of:\n";
  for (const State& state : violation.before) {
    out += "   ";
    for (std::size_t i = 0; i < state.size(); ++i)
      out += " " + violation.keys[i] + " = " + show(state[i], origin) + (i + 1 < state.size() ? "," : "");
    out += "\n";
  }
  out += "  then (ms, 0 is the begin of the reply that nothing explains):\n";
  for (const Operation* operation : violation.window) {
    char when[100];
    const double begin = static_cast<double>(operation->begin - origin) / 1e6;
    if (operation->known())
      std::snprintf(when, sizeof when, "%10.3f to %10.3f", begin, static_cast<double>(operation->end - origin) / 1e6);
    else
      std::snprintf(when, sizeof when, "%10.3f to          ?", begin);
    out += (operation == violation.culprit ? "  >> " : "     ") + std::string(when) + "  client " +
           std::to_string(operation->client) + " proxy " + std::to_string(operation->proxy) + "  " + show(*operation) +
           "\n";
  }
  return out;
}

}  // namespace keyshift::history
