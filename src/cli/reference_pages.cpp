#include "cli/reference_pages.hpp"

#include "base/errors.hpp"
#include "cli/command_line.hpp"
#include "cli/status_fields.hpp"
#include "observe/log.hpp"
#include "proxy/admin/routes.hpp"

namespace keyshift::cli {
namespace {

/// One cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string row(std::initializer_list<std::string_view> cells) {
  std::string out = "|";
  for (const std::string_view text : cells) out.append(" ").append(cell(text)).append(text.empty() ? "|" : " |");
  return out + "\n";
}

std::string value_of(const OptionRow& option) {
  if (option.kind == OptionKind::flag) return "true\\|false";
  std::string out;
  for (const char c : option.values) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return option.kind == OptionKind::list ? out + ", several" : out;
}

std::string bounds_of(const OptionRow& option) {
  switch (option.kind) {
    case OptionKind::number:
      return std::to_string(option.least) + " to " + std::to_string(option.most);
    case OptionKind::bytes:
      return std::to_string(option.least) + " to " + std::to_string(option.most) + " bytes";
    case OptionKind::duration:
      return std::to_string(option.least) + " to " + std::to_string(option.most) + " ms";
    default:
      return {};
  }
}

std::string admin_paths() {
  std::string out = "| path | method | port | what it gives |\n|---|---|---|---|\n";
  for (const proxy::AdminRoute& route : proxy::admin_routes())
    out += row({"`" + std::string(route.path) + "`", route.method, route.on_health_port ? "admin, health" : "admin",
                std::string(route.meaning) + (route.needs_token ? " (wants the token)" : "")});
  return out;
}

std::string status_table() {
  std::string out = "| field | type | meaning |\n|---|---|---|\n";
  for (const StatusField& field : status_fields())
    out += row({"`" + std::string(field.path) + "`", field.type, field.meaning});
  return out;
}

std::string also_of(OptionUse use) {
  return use == OptionUse::proxy ? "" : use == OptionUse::sweep ? "`sweep`" : "`sweep`, store commands";
}

}  // namespace

std::string configuration_page() {
  std::string out =
      "# Settings\n\n"
      "Of `keyshift proxy`; column *also* says which other commands take them: `sweep`, or that and the commands "
      "which\n"
      "speak to a store and end.\n\n"
      "Each may be given in three ways; the first one that has it wins: on the command line (`--max-clients 100`), in "
      "the\n"
      "environment (`KEYSHIFT_MAX_CLIENTS=100`), in the YAML file of `--config` (`max_clients: 100`). Lists: repeat "
      "the\n"
      "option, separate by commas in the environment, write a YAML list in the file. Times are written 500ms, 30s, 5m\n"
      "or 1h (a bare number is seconds), sizes 65536, 64KiB, 4MiB or 1GiB. What is wrong with the file is said all at\n"
      "once, with `file:line:column`, and the exit code is 2.\n\n"
      "A URL with a password is refused on the command line, where `ps` would show it: put it into a file and name "
      "that\n"
      "with `--upstream-file`. `/config` on the admin port shows what is in force and where each value comes from.\n\n"
      "| option | environment | in the file | value | default | bounds | also | meaning |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const OptionRow& option : options()) {
    // `values` holds escaped bars already.
    out += "| `--" + std::string(option.name) + "` | `" + environment_name(option) + "` | " +
           (option.name == "config" ? "" : "`" + file_key(option) + "`") + " | " + value_of(option) + " | " +
           std::string(option.fallback) + " | " + bounds_of(option) + " | " + also_of(option.use) + " | " +
           cell(option.meaning) + " |\n";
  }
  return out;
}

std::string errors_page() {
  std::string out =
      "# Errors\n\n"
      "Every error of Keyshift is of one of these kinds. The word begins the reply that an app sees\n"
      "(`-KSREFUSED rule=profile command=APPEND: ...`); kinds without one never reach an app. The label is that of\n"
      "metrics. Errors of Redis itself pass through unchanged, except that key names in them are the app's.\n\n"
      "| kind | word | label | severity | what to do |\n|---|---|---|---|---|\n";
  for (std::size_t code = 0; code <= static_cast<std::size_t>(ErrorCode::system); ++code) {
    const ErrorRow& error = error_row(static_cast<ErrorCode>(code));
    out += row({error.name, error.word.empty() ? std::string() : "`-" + std::string(error.word) + "`", error.label,
                observe::name(error.severity), error.remedy});
  }
  return out;
}

std::string cli_page() {
  std::string out =
      "# The program\n\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage or invalid file, 3 refused by a gate. What was asked for goes to\n"
      "standard output, everything else to standard error.\n\n```\n" +
      help_text() + "```\n";
  for (const CommandRow& command : commands())
    if (command.name != "help" && command.name != "version")
      out += "\n## keyshift " + std::string(command.name) + "\n\n```\n" + help_text(command) + "```\n";
  return out +
         "\n## Admin interface\n\n"
         "HTTP on the admin port (loopback) and, for probes and Prometheus, on the health port. The admin port "
         "answers\n"
         "only to `localhost` and to numeric addresses in the Host header, so that no web page reaches it through a\n"
         "browser. What changes state wants `Authorization: Bearer TOKEN` with the token of `--admin-token-file` and "
         "is\n"
         "refused without one. Headers are bounded at 8 KiB, bodies at 4 KiB, a request at 10 seconds.\n\n" +
         admin_paths() +
         "\n## Status document\n\n"
         "What `/status` gives and `keyshift status --json` prints. `x.y` is a field of an object, `x[].y` one of "
         "each\n"
         "element of a list. Fields are added, never renamed.\n\n" +
         status_table();
}

}  // namespace keyshift::cli
