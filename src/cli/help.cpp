#include <algorithm>

#include "cli/command_line.hpp"

namespace keyshift::cli {
namespace {

constexpr std::size_t text_column = 34;
constexpr std::size_t line_width = 110;

/// `left`, then `text` from text_column on, wrapped between words.
std::string entry(std::string left, std::string_view text) {
  std::string out;
  left.resize(std::max(left.size() + 1, text_column), ' ');
  if (left.size() > text_column) {
    out = left.substr(0, left.size() - 1) + "\n";
    left.assign(text_column, ' ');
  }
  std::string line = std::move(left);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (line.size() + word.size() > line_width && line.size() > text_column) {
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line.assign(text_column, ' ');
    }
    line.append(word).append(" ");
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return out + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string entry(const OptionRow& row) {
  std::string left = "  --" + std::string(row.name);
  if (row.kind != OptionKind::flag) left.append(" ").append(row.values);
  std::string text(row.meaning);
  if (row.kind == OptionKind::list) text += "; repeatable";
  if (!row.fallback.empty() && row.kind != OptionKind::flag) text.append(" (default ").append(row.fallback).append(")");
  return entry(std::move(left), text);
}

std::string entry(const OwnOption& own) {
  std::string left = "  --" + std::string(own.name);
  if (!own.values.empty()) left.append(" ").append(own.values);
  return entry(std::move(left), own.meaning);
}

}  // namespace

std::string help_text() {
  std::string out =
      "keyshift: change the key names of a live Redis without downtime\n\n"
      "usage: keyshift COMMAND [OPTION...]\n\n";
  for (const CommandRow& row : commands()) out += entry("  " + std::string(row.name), row.summary);
  return out +
         "\nkeyshift help COMMAND says all about one.\n"
         "Exit codes: 0 done, 1 failed, 2 wrong usage or invalid file, 3 refused by a gate.\n";
}

std::string help_text(const CommandRow& command) {
  std::string out = "usage: keyshift " + std::string(command.name);
  if (!command.words.empty()) out.append(" ").append(command.words);
  out.append("\n\n").append(command.summary).append("\n");
  if (!command.more.empty()) out.append("\n").append(command.more).append("\n");
  std::string list;
  for (const OwnOption& own : command.own) list += entry(own);
  for (const OptionRow& row : options())
    if (takes(command, row)) list += entry(row);
  return list.empty() ? out : out + "\noptions:\n" + list;
}

}  // namespace keyshift::cli
