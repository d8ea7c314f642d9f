#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/proxy_view.hpp"
#include "cli/status_lines.hpp"
#include "cli/store_check.hpp"
#include "observe/log.hpp"

namespace keyshift::cli {
namespace {

volatile std::sig_atomic_t asked_to_stop = 0;

void ask_to_stop(int) { asked_to_stop = 1; }

/// Waits for the end; shows progress on a terminal, logs changes of state elsewhere.
void follow(driver::Sweeper& sweeper, observe::Log& log) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  migration::SweepState state = migration::SweepState::starting;
  while (!sweeper.wait(milliseconds(200))) {
    if (asked_to_stop != 0) sweeper.stop();
    const driver::SweepProgress now = sweeper.progress();
    if (terminal) std::fprintf(stderr, "\r\033[K%s", sweep_line(sweep_document(now)).c_str());
    if (!terminal && now.state != state)
      log.info("sweep", {{"state", name(now.state)}, {"moved", now.total.moved}, {"detail", now.detail}});
    state = now.state;
  }
  if (terminal) std::fprintf(stderr, "\r\033[K");
}

}  // namespace

int run_sweep(const Invocation& invocation) {
  const auto startup = prepare(invocation.options);
  if (!startup) return report(startup.error());
  if (!startup->rules)
    return report(fail(ErrorCode::usage, "sweep needs --migration FILE and --mode to-new or to-old"));
  std::signal(SIGPIPE, SIG_IGN);
  observe::Log log(*observe::log_format_of(startup->settings.text("log-format")),
                   *observe::severity_of(startup->settings.text("log-level")));
  const driver::SweeperOptions options = sweeper_options(*startup, Duration{});
  if (const auto sensible = driver::Sweeper::check(options); !sensible) return report(sensible.error());
  if (const auto passed = StoreCheck(*startup, log).first(); !passed) return report(passed.error());
  auto sweeper = driver::Sweeper::start(options);
  if (!sweeper) return report(sweeper.error());
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  follow(**sweeper, log);
  const driver::SweepProgress end = (*sweeper)->progress();
  if (end.refused) return report(fail(ErrorCode::gate, end.detail));
  const nlohmann::json document = sweep_document(end);
  std::puts((invocation.has("json") ? document.dump(2) : sweep_line(document)).c_str());
  return end.state == migration::SweepState::done ? kDone : kFailed;
}

}  // namespace keyshift::cli
