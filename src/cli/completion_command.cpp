#include <cstdio>

#include "cli/completion.hpp"

namespace keyshift::cli {
namespace {

std::vector<std::string> options_of(const CommandRow& command) {
  std::vector<std::string> out{"--help"};
  for (const OwnOption& own : command.own) out.push_back("--" + std::string(own.name));
  for (const OptionRow& row : options())
    if (takes(command, row)) out.push_back("--" + std::string(row.name));
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string command_names() {
  std::string out;
  for (const CommandRow& row : commands()) out += (out.empty() ? "" : " ") + std::string(row.name);
  return out;
}

std::string words_of_choice(std::string_view values) {
  std::string out(values);
  for (char& c : out)
    if (c == '|') c = ' ';
  return out;
}

/// Single quotes of a shell; fish and the POSIX family read '\'' alike.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash() {
  std::string out =
      "_keyshift() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" words=\n"
      "  COMPREPLY=()\n"
      "  case \"$before\" in\n";
  for (const OptionRow& row : options()) {
    if (row.kind == OptionKind::choice)
      out += "    --" + std::string(row.name) + ") words=" + in_quotes(words_of_choice(row.values)) + ";;\n";
    if (row.kind == OptionKind::file)
      out += "    --" + std::string(row.name) + ") COMPREPLY=($(compgen -f -- \"$word\")); return;;\n";
  }
  out += "    keyshift|help) words=" + in_quotes(command_names()) +
         ";;\n    completion) words='bash zsh fish';;\n    *) case \"${COMP_WORDS[1]}\" in\n";
  for (const CommandRow& row : commands())
    out += "      " + std::string(row.name) + ") words=" + in_quotes(joined(options_of(row))) + ";;\n";
  return out +
         "    esac;;\n  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "  if [[ \"${COMP_WORDS[1]}\" == explain && \"$word\" != -* ]]; then COMPREPLY+=($(compgen -f -- \"$word\")); "
         "fi\n"
         "}\ncomplete -F _keyshift keyshift\n";
}

std::string zsh() { return "#compdef keyshift\nautoload -U +X bashcompinit && bashcompinit\n" + bash(); }

std::string fish() {
  std::string out = "complete -c keyshift -f\n";
  for (const CommandRow& command : commands()) {
    const std::string here = " -n '__fish_seen_subcommand_from " + std::string(command.name) + "'";
    out += "complete -c keyshift -n __fish_use_subcommand -a " + std::string(command.name) + " -d " +
           in_quotes(command.summary) + "\n";
    for (const OwnOption& own : command.own)
      out += "complete -c keyshift" + here + " -l " + std::string(own.name) + (own.values.empty() ? "" : " -r") +
             " -d " + in_quotes(own.meaning) + "\n";
    for (const OptionRow& row : options()) {
      if (!takes(command, row)) continue;
      out += "complete -c keyshift" + here + " -l " + std::string(row.name);
      if (row.kind != OptionKind::flag) out += row.kind == OptionKind::file ? " -r -F" : " -r";
      if (row.kind == OptionKind::choice) out += " -a " + in_quotes(words_of_choice(row.values));
      out += " -d " + in_quotes(row.meaning) + "\n";
    }
  }
  return out + "complete -c keyshift -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n" +
         "complete -c keyshift -n '__fish_seen_subcommand_from help' -a " + in_quotes(command_names()) + "\n" +
         "complete -c keyshift -n '__fish_seen_subcommand_from explain' -F\n";
}

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return fail(ErrorCode::usage, "completion is there for bash, zsh and fish");
}

int run_completion(const Invocation& invocation) {
  const auto script = completion_script(invocation.words.empty() ? "" : invocation.words.front());
  if (!script) return report(script.error());
  std::fputs(script->c_str(), stdout);
  return kDone;
}

}  // namespace keyshift::cli
