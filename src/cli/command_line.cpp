#include "cli/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "base/bytes.hpp"
#include "store/url.hpp"

namespace keyshift::cli {
namespace {

/// True when `argument` is, or holds behind a '=', a URL with a password; also one that is not quite a URL.
bool shows_password(std::string_view argument) {
  const auto scheme = argument.find("://");
  if (scheme == std::string_view::npos) return false;
  const auto begin = argument.rfind('=', scheme);
  const auto url = store::Url::parse(argument.substr(begin == std::string_view::npos ? 0 : begin + 1));
  if (url) return url->carries_password();
  const auto at = argument.rfind('@');
  return at != std::string_view::npos &&
         argument.substr(scheme + 3, at - scheme - 3).find(':') != std::string_view::npos;
}

std::string flag_of(std::string_view name) { return "--" + std::string(name); }

/// Where CLI11 puts what it reads, until it is known to be right.
struct Raw {
  std::map<std::string_view, std::vector<std::string>> values;
  std::map<std::string_view, bool> flags;
  std::vector<std::string> words;
};

void declare(CLI::App& app, const CommandRow& command, Raw& raw) {
  for (const OptionRow& row : options()) {
    if (!takes(command, row)) continue;
    if (row.kind == OptionKind::flag)
      app.add_flag(flag_of(row.name), raw.flags[row.name]);
    else
      app.add_option(flag_of(row.name), raw.values[row.name])->expected(1)->allow_extra_args(false)->take_all();
  }
  for (const OwnOption& own : command.own) {
    if (own.values.empty())
      app.add_flag(flag_of(own.name), raw.flags[own.name]);
    else
      app.add_option(flag_of(own.name), raw.values[own.name])->expected(1)->allow_extra_args(false)->take_all();
  }
  if (command.most_words > 0) app.add_option("words", raw.words)->expected(0, static_cast<int>(command.most_words));
}

Result<void> fill(const CommandRow& command, const Raw& raw, Invocation& out) {
  for (const auto& [option, present] : raw.flags) {
    if (!present) continue;
    const OptionRow* row = find_option(option);
    if (row != nullptr && takes(command, *row))
      out.options[std::string(option)] = {{"true"}, Origin::command_line, flag_of(option)};
    else
      out.own[std::string(option)] = "true";
  }
  for (const auto& [option, values] : raw.values) {
    if (values.empty()) continue;
    const OptionRow* row = find_option(option);
    const bool shared = row != nullptr && takes(command, *row);
    if (values.size() > 1 && !(shared && row->kind == OptionKind::list))
      return fail(ErrorCode::usage, flag_of(option) + " is given more than once");
    if (shared)
      out.options[std::string(option)] = {values, Origin::command_line, flag_of(option)};
    else
      out.own[std::string(option)] = values.front();
  }
  out.words = raw.words;
  return {};
}

}  // namespace

Result<Invocation> read_command_line(std::vector<std::string> arguments) {
  Invocation out;
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (dashes != arguments.end()) out.behind.assign(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  for (const std::string& argument : arguments)
    if (shows_password(argument)) return store::password_in_argv("--upstream");
  const bool asks_help =
      std::any_of(arguments.begin(), arguments.end(), [](const std::string& a) { return a == "--help" || a == "-h"; });
  if (arguments.empty() || (asks_help && arguments.front().starts_with("-"))) {
    out.command = "help";
    return out;
  }
  if (arguments.front() == "--version") arguments.front() = "version";
  const CommandRow* command = find_command(arguments.front());
  if (command == nullptr)
    return fail(ErrorCode::usage, "there is no command '" + printable(arguments.front(), 64) + "'");
  if (asks_help) {
    out.command = "help";
    out.words = {std::string(command->name)};
    return out;
  }
  out.command = command->name;
  CLI::App app;
  app.set_help_flag();
  Raw raw;
  declare(app, *command, raw);
  // CLI11 wants them last first.
  std::vector<std::string> rest(arguments.rbegin(), arguments.rend() - 1);
  try {
    app.parse(std::move(rest));
  } catch (const CLI::ParseError& wrong) {
    return fail(ErrorCode::usage, printable(wrong.what(), 300));
  }
  if (const auto filled = fill(*command, raw, out); !filled) return filled.error();
  return out;
}

}  // namespace keyshift::cli
