#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/settings.hpp"

namespace keyshift::cli {

/// What a command line says, read but not judged.
struct Invocation {
  std::string command;                     ///< name of a row of commands()
  Layer options;                           ///< rows of the options table, as written
  std::map<std::string, std::string> own;  ///< options of this command alone; a flag that is present is "true"
  std::vector<std::string> words;          ///< what is no option
  std::vector<std::string> behind;         ///< what follows `--`; bytes, never looked at
  [[nodiscard]] bool has(const std::string& option) const { return own.contains(option); }
};

/// An option of one command alone.
struct OwnOption {
  std::string_view name;    ///< "json"
  std::string_view values;  ///< what stands for the value in help; empty: a flag
  std::string_view meaning;
};

/// Which rows of the options table a command takes.
enum class TakesOptions : std::uint8_t { none, store, drive, sweep, proxy };

/// Exit codes, as docs/cli.md lists them.
enum ExitCode : int { kDone = 0, kFailed = 1, kWrongUsage = 2, kGate = 3 };

/// One subcommand: the one list, from which parsing, help, completion and docs/cli.md come.
struct CommandRow {
  std::string_view name;
  std::string_view words;    ///< usage behind the name: "FILE KEY"
  std::string_view summary;  ///< one line
  std::string_view more;     ///< a paragraph or two; lines end where they should
  TakesOptions takes;
  std::span<const OwnOption> own;
  std::size_t most_words;
  int (*run)(const Invocation&);
};
std::span<const CommandRow> commands() noexcept;
/// Also finds those that the program starts itself and that are not in commands().
const CommandRow* find_command(std::string_view name) noexcept;
/// True when `command` takes the row.
bool takes(const CommandRow& command, const OptionRow& row) noexcept;

/// Reads `arguments` (without the program's name). Error `usage`: what is wrong, without quoting anything that could be
/// a secret; a URL with a password is refused whatever option it belongs to.
Result<Invocation> read_command_line(std::vector<std::string> arguments);

/// What `keyshift help`, `keyshift help COMMAND` and `--help` print.
std::string help_text();
std::string help_text(const CommandRow& command);

/// Runs a whole command line and gives the exit code: the program but for main().
int run(const std::vector<std::string>& arguments);

/// Prints `error` on standard error, the way all commands do, and gives the exit code that goes with it.
int report(const Error& error);

int run_proxy(const Invocation&);
int run_sweep(const Invocation&);
int run_status(const Invocation&);
int run_explain(const Invocation&);
int run_apply(const Invocation&);
int run_start(const Invocation&);
int run_cutover(const Invocation&);
int run_rollback(const Invocation&);
int run_complete(const Invocation&);
int run_abort(const Invocation&);
int run_forget(const Invocation&);
int run_advance(const Invocation&);
int run_drive(const Invocation&);
int run_pause(const Invocation&);
int run_resume(const Invocation&);
int run_throttle(const Invocation&);
int run_backup(const Invocation&);
int run_demo(const Invocation&);
int run_demo_verdict(const Invocation&);
int run_completion(const Invocation&);
int run_check(const Invocation&);
int run_fence(const Invocation&);
int run_nodes(const Invocation&);
int run_repair(const Invocation&);
int run_verify(const Invocation&);
int run_version(const Invocation&);
int run_help(const Invocation&);

}  // namespace keyshift::cli
