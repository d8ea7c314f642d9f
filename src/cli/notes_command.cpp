// g++ 12 misreads Asio's scheduler when it inlines it here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
// pause, resume, throttle: what a sweep reads beside the control record. No change of the record, so no proxy is held.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/operator.hpp"
#include "resp/number.hpp"

namespace keyshift::cli {
namespace {

constexpr std::int64_t fastest = 100'000'000;

int note(const Invocation& invocation, std::vector<std::pair<Bytes, Bytes>> fields, const std::string& details) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const auto state = (*op)->read();
  if (!state) return report(state.error());
  const auto run = meant_run(**op, *state);
  if (!run) return report(run.error());
  std::vector<std::pair<Bytes, Bytes>> audit{
      {"who", (*op)->who()}, {"what", invocation.command}, {"run", run->entry.id}};
  if (!details.empty()) audit.push_back({"details", details});
  const auto written = (*op)->wait(write_notes((*op)->store(), run->entry.id, std::move(fields), std::move(audit)));
  if (!written) return report(written.error());
  const nlohmann::json document{{"run", run->entry.name}, {"done", invocation.command}, {"details", details}};
  const std::string line = run->entry.name + ": " + invocation.command + (details.empty() ? "" : ", " + details);
  std::puts((invocation.has("json") ? document.dump(2) : line).c_str());
  return kDone;
}

}  // namespace

int run_pause(const Invocation& invocation) { return note(invocation, {{"paused", "1"}}, ""); }
int run_resume(const Invocation& invocation) { return note(invocation, {{"paused", ""}}, ""); }

int run_throttle(const Invocation& invocation) {
  if (invocation.words.empty())
    return report(fail(ErrorCode::usage, "throttle needs keys per second, 0 for no limit, or `file` for the file's"));
  const std::string& word = invocation.words.front();
  if (word == "file") return note(invocation, {{"rate", ""}}, "as the migration file says");
  const auto rate = resp::read_integer(word);
  if (!rate || *rate < 0 || *rate > fastest)
    return report(fail(ErrorCode::usage, "throttle: '" + printable(word, 32) + "' is no number from 0 to 100000000"));
  return note(invocation, {{"rate", word}}, *rate == 0 ? "no limit" : word + " keys/s");
}

}  // namespace keyshift::cli
