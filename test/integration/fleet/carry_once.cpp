// carry_once URL NAME what: one change of the control record, for tests.
//   apply FILE RUN   a run with the rules of a migration file     start | cutover | rollback | ...   a step of the run
//   settle           ends what is under way
// Prints the outcome: end, milliseconds held, connections killed, reason. Exit code 0: done or already.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>

#include "control/phases.hpp"
#include "control/spec.hpp"
#include "driver/fleet.hpp"

namespace {
using namespace keyshift;
namespace asio = boost::asio;

std::string text_of(const char* file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

control::ChangeRequest wish(control::Wanted wanted) {
  control::ChangeRequest out;
  out.edit = [wanted](const control::Change& cur, const control::ChangeId&) -> Result<control::Change> {
    const control::RunEntry* run = control::find_run(cur, "");
    if (run != nullptr && control::arrived(wanted, run->phase)) return cur;
    return control::with_wish(cur, "", wanted);
  };
  return out;
}

asio::awaitable<Result<control::ChangeOutcome>> carry(driver::FleetStore& store, std::string what, std::string file,
                                                      std::string run) {
  control::ChangeRequest request;
  if (what == "apply") {
    const auto read = transforms::read_migration(file);
    if (!read.migration) co_return fail(ErrorCode::file, "the migration file is wrong");
    auto spec = co_await driver::write_spec(store, control::encode_spec(*read.migration));
    if (!spec) co_return spec.error();
    control::RunEntry entry;
    entry.id = run;
    entry.name = run;
    entry.spec = *spec;
    request.create = true;
    request.edit = [entry](const control::Change& cur, const control::ChangeId& by) -> Result<control::Change> {
      if (control::find_run(cur, entry.name) != nullptr) return cur;
      return control::with_run(cur, entry, by);
    };
  } else if (what != "settle") {
    const auto wanted = control::wanted_of(what);
    if (!wanted) co_return fail(ErrorCode::usage, "no step is called " + what);
    request = wish(*wanted);
  }
  request.audit.emplace_back("what", what);
  co_return co_await driver::carry(store, std::move(request));
}

constexpr const char* kEnds[] = {"done", "already", "refused", "called-off", "under-way"};

int show(const Result<control::ChangeOutcome>& outcome) {
  if (!outcome) {
    std::printf("error 0 0 %s\n", outcome.error().what.c_str());
    return 1;
  }
  std::printf("%s %.1f %zu %s\n", kEnds[static_cast<int>(outcome->end)],
              std::chrono::duration<double, std::milli>(outcome->held).count(), outcome->killed,
              outcome->reason.c_str());
  return outcome->end <= control::ChangeOutcome::End::already ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  asio::io_context io(1);
  driver::FleetOptions options;
  options.upstream = *store::Url::parse(words[1]);
  options.name = words[2];
  driver::FleetStore store(io.get_executor(), std::move(options));
  int code = 1;
  asio::co_spawn(io, carry(store, words[3], count > 4 ? text_of(words[4]) : "", count > 5 ? words[5] : "users"),
                 [&code](const std::exception_ptr& failure, const Result<control::ChangeOutcome>& outcome) {
                   if (!failure) code = show(outcome);
                 });
  io.run();
  return code;
}
