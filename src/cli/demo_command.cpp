#include <unistd.h>

#include <cstdio>
#include <thread>

#include "cli/command_line.hpp"
#include "cli/demo_course.hpp"
#include "cli/option_values.hpp"

namespace keyshift::cli {
namespace {

using namespace demo;

struct DemoOptions {
  CourseOptions course;
  bool keep = false, json = false;
};

Result<void> read_option(const Invocation& invocation, const std::string& name, std::uint64_t least, std::uint64_t most,
                         std::uint64_t& out) {
  if (!invocation.has(name)) return {};
  const auto number = read_number(invocation.own.at(name));
  if (!number || *number < least || *number > most)
    return fail(ErrorCode::usage,
                "--" + name + ": a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  out = *number;
  return {};
}

Result<DemoOptions> read_options(const Invocation& invocation) {
  DemoOptions out;
  for (const auto& read : {read_option(invocation, "records", 1000, 100'000'000, out.course.records),
                           read_option(invocation, "seconds", 1, 3600, out.course.seconds),
                           read_option(invocation, "clients", 1, 64, out.course.clients)})
    if (!read) return read.error();
  if (invocation.has("to")) {
    const std::string& word = invocation.own.at("to");
    if (word != "observe" && word != "cutover") return fail(ErrorCode::usage, "--to: observe or cutover");
    if (word == "cutover") out.course.until = Names::renamed;
  }
  out.keep = invocation.has("keep");
  out.json = invocation.has("json");
  return out;
}

Result<bool> show(const DemoOptions& options, WorkDirectory& directory) {
  // The report alone goes to standard output when it is JSON.
  const auto say = [out = options.json ? stderr : stdout](const std::string& text) {
    std::fputs(text.c_str(), out);
    std::fflush(out);
  };
  const bool terminal = ::isatty(STDOUT_FILENO) == 1 && !options.json;
  Course course(options.course, directory, terminal ? seconds(1) : seconds(5), say);
  const Result<void> done = course.run();
  if (Interrupts::came()) return fail(ErrorCode::system, "interrupted");
  if (!done) return done.error();
  const Report& report = course.report();
  std::fputs((options.json ? report_document(report).dump(2) + "\n" : report_text(report)).c_str(), stdout);
  std::fflush(stdout);
  if (!report.passed() || options.keep) directory.keep();
  if (!report.passed()) say("logs and what was expected: " + directory.path() + "\n");
  if (!options.keep) return report.passed();
  say("\neverything stays up until Ctrl-C; try:\n" + course.places());
  while (!Interrupts::came()) std::this_thread::sleep_for(milliseconds(100));
  return report.passed();
}

}  // namespace

int run_demo(const Invocation& invocation) {
  const auto options = read_options(invocation);
  if (!options) return report(options.error());
  auto directory = WorkDirectory::create();
  if (!directory) return report(directory.error());
  const Interrupts interrupts;
  const auto passed = show(*options, *directory);
  if (!passed) return report(passed.error());
  return *passed ? kDone : kFailed;
}

}  // namespace keyshift::cli
