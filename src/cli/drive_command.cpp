#include <csignal>

#include "cli/command_line.hpp"
#include "cli/operator.hpp"
#include "cli/option_values.hpp"
#include "driver/drive.hpp"
#include "observe/log.hpp"

namespace keyshift::cli {
namespace {

using driver::DriveEvent;

volatile std::sig_atomic_t asked_to_stop = 0;
void ask_to_stop(int) { asked_to_stop = 1; }

/// One line per event; what is as it should be and what is only waited for are no warnings.
void write(observe::Log& log, const DriveEvent& event) {
  const bool bad = event.kind == DriveEvent::Kind::failed || event.kind == DriveEvent::Kind::trouble;
  log.write(bad ? Severity::warning : Severity::info, "drive",
            {{"event", name(event.kind)},
             {"run", event.run},
             {"what", event.what},
             {"phase", event.phase},
             {"detail", event.detail}});
}

}  // namespace

int run_drive(const Invocation& invocation) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const Startup& startup = (*op)->startup();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  observe::Log log(*observe::log_format_of(startup.settings.text("log-format")),
                   *observe::severity_of(startup.settings.text("log-level")));
  driver::DriveOptions options;
  options.upstream = startup.upstream;
  options.actor = {startup.name, (*op)->who(), KEYSHIFT_VERSION};
  if (const Setting& run = startup.settings.at("run"); !run.values.empty()) options.run = run.values.front();
  if (invocation.has("keep")) {
    const auto keep = read_number(invocation.own.at("keep"));
    if (!keep || *keep == 0) return report(fail(ErrorCode::usage, "--keep wants a number above 0"));
    options.keep = *keep;
  }
  options.tell = [&log](const DriveEvent& event) { write(log, event); };
  options.stop = [] { return asked_to_stop != 0; };
  log.info("driving", {{"version", KEYSHIFT_VERSION}, {"upstream", startup.upstream.printed()}, {"run", options.run}});
  const auto end = driver::drive(options);
  if (!end) return report(end.error());
  log.info("ended");
  return kDone;
}

}  // namespace keyshift::cli
