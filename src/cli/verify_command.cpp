// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/blocking.hpp"
#include "cli/command_line.hpp"
#include "cli/operator.hpp"
#include "cli/startup.hpp"
#include "cli/verify_shown.hpp"
#include "control/connection_name.hpp"
#include "driver/run_check.hpp"
#include "driver/verify.hpp"

namespace keyshift::cli {
namespace asio = boost::asio;
namespace {

bool show_progress(const control::VerifyReport& report) {
  std::fprintf(stderr, "\r\033[K%llu keys looked at", static_cast<unsigned long long>(report.scanned));
  return true;
}

asio::awaitable<Result<control::VerifyReport>> carry_out(asio::any_io_executor executor, const Startup& startup,
                                                         const transforms::RuleSet& rules,
                                                         driver::VerifyOptions options) {
  store::ConnectOptions connect;
  connect.name = text(control::ConnectionName{startup.name, control::Carries::control, {}});
  connect.database = rules.database();
  const auto connection = co_await store::Connection::open(executor, startup.upstream, std::move(connect));
  if (!connection) co_return connection.error();
  co_return co_await driver::verify(**connection, rules, std::move(options));
}

Result<driver::VerifyOptions> options_of(const Invocation& invocation, const Startup& startup) {
  driver::VerifyOptions out;
  const std::string word = invocation.has("mode") ? invocation.own.at("mode") : "to-new";
  const auto mode = migration::mode_of(word);
  if (!mode)
    return fail(ErrorCode::usage, "--mode: '" + printable(word, 64) + "' is not one of old, to-new, new, to-old");
  out.plan = {*mode, startup.run, 1};
  if (invocation.has("sample")) {
    const std::string& text = invocation.own.at("sample");
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out.plan.sample);
    if (code != std::errc() || end != text.data() + text.size() || out.plan.sample == 0)
      return fail(ErrorCode::usage, "--sample: '" + printable(text, 64) + "' is not a whole number above 0");
  }
  out.keys_per_second = startup.migration->sweep.max_keys_per_second;
  if (::isatty(STDERR_FILENO) == 1) out.progress = show_progress;
  return out;
}

int print_report(const Invocation& invocation, const control::VerifyReport& report, const transforms::RuleSet& rules) {
  const nlohmann::json document = verify_document(report, rules);
  std::fputs((invocation.has("json") ? document.dump(2) + "\n" : verify_text(document)).c_str(), stdout);
  return report.clean() ? kDone : kFailed;
}

/// The run of the control record, in the mode of its phase; the result is noted for the gates.
int verify_run(const Invocation& invocation) {
  const auto opened = Operator::open(invocation);
  if (!opened) return report(opened.error());
  Operator& op = **opened;
  const auto state = op.read();
  if (!state) return report(state.error());
  const auto run = meant_run(op, *state);
  if (!run) return report(run.error());
  const transforms::RuleSet rules(run->spec);
  driver::RunCheckOptions options{op.startup().upstream, op.startup().name, op.who(), false, {}};
  if (::isatty(STDERR_FILENO) == 1) options.progress = show_progress;
  const auto verified =
      op.wait(driver::check_run(op.store(), options, state->record->cur, *run, driver::RunCheck::verify));
  if (options.progress) std::fprintf(stderr, "\r\033[K");
  if (!verified) return report(verified.error());
  return print_report(invocation, *verified, rules);
}

}  // namespace

int run_verify(const Invocation& invocation) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto startup = prepare(invocation.options);
  if (!startup) return report(startup.error());
  if (!startup->rules) return verify_run(invocation);
  auto options = options_of(invocation, *startup);
  if (!options) return report(options.error());
  const bool terminal = bool(options->progress);
  const auto verified = blocking<control::VerifyReport>(
      [&](asio::any_io_executor executor) { return carry_out(executor, *startup, *startup->rules, *options); });
  if (terminal) std::fprintf(stderr, "\r\033[K");
  if (!verified) return report(verified.error());
  return print_report(invocation, *verified, *startup->rules);
}

}  // namespace keyshift::cli
