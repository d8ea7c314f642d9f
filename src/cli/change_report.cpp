#include "cli/change_report.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/phases.hpp"

namespace keyshift::cli {
namespace {

using End = control::ChangeOutcome::End;

const char* word_of(End end) {
  switch (end) {
    case End::done:
      return "done";
    case End::already:
      return "already";
    case End::refused:
      return "refused";
    case End::called_off:
      return "called off";
    case End::under_way:
      return "under way";
  }
  return "?";
}

long millis(Duration span) { return static_cast<long>(std::chrono::duration_cast<milliseconds>(span).count()); }

std::string phase_in(const std::optional<control::Change>& change, const std::string& run) {
  if (!change) return "?";
  const control::RunEntry* found = control::find_run(*change, run);
  return found == nullptr ? "gone" : std::string(control::name(found->phase));
}

nlohmann::json document(const control::ChangeOutcome& outcome, const std::string& run) {
  nlohmann::json out{{"run", run},
                     {"end", word_of(outcome.end)},
                     {"phase", phase_in(outcome.cur, run)},
                     {"reason", outcome.reason},
                     {"held_ms", millis(outcome.held)},
                     {"connections_closed", outcome.killed}};
  if (outcome.cur) {
    out["epoch"] = outcome.cur->id.epoch;
    out["era"] = outcome.cur->era;
  }
  return out;
}

std::string line(const control::ChangeOutcome& outcome, const std::string& run) {
  std::string out = run + ": " + word_of(outcome.end) + ", phase " + phase_in(outcome.cur, run);
  if (outcome.cur)
    out += " (epoch " + std::to_string(outcome.cur->id.epoch) + ", era " + std::to_string(outcome.cur->era) + ")";
  if (outcome.held > Duration{})
    out += ", commands on records were held for " + std::to_string(millis(outcome.held)) + " ms";
  if (outcome.killed != 0) out += ", " + std::to_string(outcome.killed) + " late connections were closed";
  return out;
}

}  // namespace

Result<control::ChangeOutcome> carried(Operator& op, control::ChangeRequest request) {
  return op.wait(driver::carry(op.store(), std::move(request)));
}

int print_outcome(const control::ChangeOutcome& outcome, const std::string& run, bool json) {
  const bool fine = outcome.end == End::done || outcome.end == End::already;
  if (json) std::puts(document(outcome, run).dump(2).c_str());
  if (!json && fine) std::puts(line(outcome, run).c_str());
  if (fine && !outcome.reason.empty()) std::fprintf(stderr, "keyshift: %s\n", outcome.reason.c_str());
  if (!fine) {
    std::fprintf(stderr, "keyshift: %s: %s\n", line(outcome, run).c_str(), outcome.reason.c_str());
    for (const control::BypassClient& client : outcome.foreign)
      std::fprintf(stderr, "  past the proxies: %s\n", control::text(client).c_str());
    if (outcome.end == End::under_way)
      std::fprintf(stderr, "  repeat the command, or run keyshift drive, once the servers answer\n");
  }
  return fine ? kDone : outcome.end == End::under_way ? kFailed : kGate;
}

int report_change(Operator& op, control::ChangeRequest request, const std::string& run, bool json) {
  const auto outcome = carried(op, std::move(request));
  if (!outcome) return report(outcome.error());
  return print_outcome(*outcome, run, json);
}

}  // namespace keyshift::cli
