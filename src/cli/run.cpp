#include <cstdio>

#include "base/bytes.hpp"
#include "cli/command_line.hpp"

namespace keyshift::cli {

int report(const Error& error) {
  // Diagnostics of files already say where they belong; everything else says who speaks.
  const bool located = error.code == ErrorCode::file;
  std::fprintf(stderr, "%s%s\n", located ? "" : "keyshift: ", error.what.c_str());
  switch (error.code) {
    case ErrorCode::usage:
    case ErrorCode::file:
      return kWrongUsage;
    case ErrorCode::gate:
      return kGate;
    default:
      return kFailed;
  }
}

int run(const std::vector<std::string>& arguments) {
  const auto invocation = read_command_line(arguments);
  if (!invocation) {
    const int code = report(invocation.error());
    std::fprintf(stderr, "keyshift help [COMMAND] says how it is used\n");
    return code;
  }
  const int code = find_command(invocation->command)->run(*invocation);
  // What was printed and could not be written (a full disk, a closed pipe) is a failure, too.
  return std::fflush(stdout) == 0 || code != kDone ? code : static_cast<int>(kFailed);
}

int run_version(const Invocation&) {
  std::printf("keyshift %s\n", KEYSHIFT_VERSION);
  return kDone;
}

int run_help(const Invocation& invocation) {
  if (invocation.words.empty()) {
    std::fputs(help_text().c_str(), stdout);
    return kDone;
  }
  const CommandRow* command = find_command(invocation.words.front());
  if (command == nullptr)
    return report(fail(ErrorCode::usage, "there is no command '" + printable(invocation.words.front(), 64) + "'"));
  std::fputs(help_text(*command).c_str(), stdout);
  return kDone;
}

}  // namespace keyshift::cli
