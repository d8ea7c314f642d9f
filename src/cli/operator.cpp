// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "cli/operator.hpp"

#include <pwd.h>
#include <unistd.h>

#include "control/phases.hpp"

namespace keyshift::cli {
namespace {

std::string user_and_host() {
  const passwd* user = ::getpwuid(::geteuid());
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return std::string(user == nullptr ? "?" : user->pw_name) + "@" + host;
}

driver::FleetOptions fleet_options(const Startup& startup) {
  driver::FleetOptions out;
  out.upstream = startup.upstream;
  out.name = startup.name;
  return out;
}

std::string names_of(const std::vector<control::RunEntry>& runs) {
  std::string out;
  for (const control::RunEntry& run : runs) out += (out.empty() ? "" : ", ") + run.name + " (" + run.id + ")";
  return out.empty() ? "there is none" : out;
}

}  // namespace

Operator::Operator(Startup startup)
    : startup_(std::move(startup)), store_(io_.get_executor(), fleet_options(startup_)), who_(user_and_host()) {}

Result<std::unique_ptr<Operator>> Operator::open(const Invocation& invocation, const std::string& file) {
  Layer options = invocation.options;
  if (!file.empty()) options["migration"] = {{file}, Origin::command_line, "FILE"};
  auto startup = prepare(options);
  if (!startup) return startup.error();
  return std::unique_ptr<Operator>(new Operator(std::move(*startup)));
}

Result<driver::ControlState> Operator::read() {
  auto state = wait(driver::read_control(store_));
  if (!state && state.error().code == ErrorCode::control)
    return fail(ErrorCode::control, state.error().what + ". Look with `keyshift repair`");
  if (state && !state->record)
    return fail(ErrorCode::gate, startup_.upstream.printed() +
                                     " has no control record: no migration was ever "
                                     "registered there (keyshift apply FILE), or it was lost (keyshift repair)");
  return state;
}

Result<MeantRun> meant_run(const Operator& who, const driver::ControlState& state) {
  const control::Change& cur = state.record->cur;
  const Setting& setting = who.startup().settings.at("run");
  const std::string name = setting.values.empty() ? std::string() : setting.values.front();
  const control::RunEntry* found = control::find_run(cur, name);
  if (found == nullptr)
    return fail(ErrorCode::gate, name.empty() ? "which run? --run NAME; at this store: " + names_of(cur.runs)
                                              : "there is no run " + printable(name, 64) +
                                                    " at this store; those there are: " + names_of(cur.runs));
  return understood(state, *found);
}

}  // namespace keyshift::cli
