// g++ 12 misreads Asio's scheduler when it inlines it here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/step.hpp"
#include "control/phases.hpp"
#include "driver/drive.hpp"

namespace keyshift::cli {
namespace {

using control::DriveDecision;
using control::Phase;
using control::Wanted;
using driver::DriveEvent;

volatile std::sig_atomic_t asked_to_stop = 0;
void ask_to_stop(int) { asked_to_stop = 1; }

std::string line_of(const DriveEvent& event) {
  std::string out = event.run.empty() ? "keyshift" : event.run;
  out += ": " + std::string(name(event.kind));
  if (!event.what.empty()) out += " " + event.what;
  return out + (event.detail.empty() ? "" : ": " + event.detail);
}

/// One line for each thing on a terminal, nothing in a pipe; with --json one object on standard output.
void show(const DriveEvent& event, bool json) {
  if (json) {
    const nlohmann::json document{{"event", name(event.kind)},
                                  {"run", event.run},
                                  {"what", event.what},
                                  {"phase", event.phase},
                                  {"detail", event.detail}};
    std::puts(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  } else if (::isatty(STDERR_FILENO) == 1) {
    std::fprintf(stderr, "%s\n", printable(line_of(event), 2000).c_str());
  }
}

/// From a way back there is no further than observe: who turned round does not mean to start again.
control::DriveGoal goal_from(const MeantRun& run) {
  control::DriveGoal out{true, run.spec.cutover.automatic, std::nullopt};
  if (run.entry.phase == Phase::rollback) out.last = Phase::observe;
  return out;
}

int print_end(const std::string& run, const std::optional<DriveDecision>& end, bool json) {
  if (!end) {
    std::fprintf(stderr, "keyshift: stopped; what was begun is finished by whoever comes next\n");
    return kFailed;
  }
  const bool ready = end->kind == DriveDecision::Kind::ready;
  if (!json)
    std::puts((run + (ready ? ": ready for " + std::string(name(end->wanted)) + ", nothing stands against it"
                            : ": as far as it goes by itself"))
                  .c_str());
  return kDone;
}

int advance_by_itself(const Invocation& invocation, Operator& op, const MeantRun& run) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  const bool json = invocation.has("json");
  driver::DriveOptions options;
  options.upstream = op.startup().upstream;
  options.actor = {op.startup().name, op.who(), KEYSHIFT_VERSION};
  options.run = run.entry.id;
  options.goal = goal_from(run);
  options.tell = [json](const DriveEvent& event) { show(event, json); };
  options.stop = [] { return asked_to_stop != 0; };
  const auto end = driver::drive(options);
  if (!end) return report(end.error());
  return print_end(run.entry.name, *end, json);
}

}  // namespace

int run_advance(const Invocation& invocation) {
  if (invocation.has("auto") && invocation.has("force"))
    return report(fail(ErrorCode::usage, "advance --auto passes no gate by --force: force the one step by its name"));
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const auto state = (*op)->read();
  if (!state) return report(state.error());
  const auto run = meant_run(**op, *state);
  if (!run) return report(run.error());
  if (invocation.has("auto")) return advance_by_itself(invocation, **op, *run);
  const Wanted next = control::next_wish(run->entry.phase);
  if (next == Wanted::nothing)
    return report(fail(ErrorCode::gate, run->entry.name + " is complete; keyshift forget takes its entry away"));
  return run_step(invocation, next);
}

}  // namespace keyshift::cli
