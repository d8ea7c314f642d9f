#include "control/fence.hpp"

#include <algorithm>

namespace keyshift::control {
namespace {

/// The next word of `text`; a selector, with the blanks inside its parentheses, is one.
std::string_view next_word(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \r\n"), text.size()));
  const std::size_t end = text.starts_with('(') ? std::min(text.find(')'), text.size() - 1) + 1
                                                : std::min(text.find_first_of(" \r\n"), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

bool is_key_pattern(std::string_view word) noexcept { return word.starts_with('~') || word.starts_with('%'); }

/// Conservative: only a glob whose first literal bytes differ from the prefix cannot fit a key that begins with it.
bool may_begin_with(std::string_view glob, std::string_view prefix) noexcept {
  const std::size_t literal = std::min(glob.find_first_of("*?[\\"), glob.size());
  if (literal == glob.size() && glob.size() < prefix.size()) return false;
  const std::size_t compared = std::min(literal, prefix.size());
  return glob.substr(0, compared) == prefix.substr(0, compared);
}

std::vector<std::string> words_of(std::string_view selector) {
  if (selector.starts_with('(')) selector.remove_prefix(1);
  if (selector.ends_with(')')) selector.remove_suffix(1);
  std::vector<std::string> out;
  for (auto word = next_word(selector); !word.empty(); word = next_word(selector)) out.emplace_back(word);
  return out;
}

}  // namespace

std::optional<AclUser> read_acl_line(std::string_view line) {
  if (next_word(line) != "user") return std::nullopt;
  AclUser out;
  out.name = next_word(line);
  if (out.name.empty()) return std::nullopt;
  for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
    if (word == "on") out.on = true;
    if (is_key_pattern(word)) out.keys.emplace_back(word);
    if (word.starts_with('(')) out.selectors.emplace_back(word);
  }
  return out;
}

bool reaches(std::string_view rule, const transforms::RuleSet& rules) {
  if (rule.starts_with('(')) {
    const auto words = words_of(rule);
    return std::any_of(words.begin(), words.end(), [&](const auto& word) {
      return (is_key_pattern(word) || word == "allkeys") && reaches(word, rules);
    });
  }
  if (rule == "allkeys") return true;
  const auto tilde = rule.find('~');
  const std::string_view glob = tilde == rule.npos ? rule : rule.substr(tilde + 1);
  return may_begin_with(glob, transforms::kReservedPrefix) || !rules.glob_excludes(glob);
}

std::optional<FenceStep> fence_of(const AclUser& user, const transforms::RuleSet& rules,
                                  const std::vector<std::string>& keep) {
  FenceStep out{user.name, {}, {"resetkeys"}, {"resetkeys"}};
  for (const std::string& key : user.keys) {
    (reaches(key, rules) ? out.taken : out.apply).push_back(key);
    out.undo.push_back(key);
  }
  std::vector<std::string> selectors;
  for (const std::string& selector : user.selectors)
    (reaches(selector, rules) ? out.taken : selectors).push_back(selector);
  if (out.taken.empty()) return std::nullopt;
  for (const std::string& glob : keep) out.apply.push_back("~" + glob);
  if (selectors.size() == user.selectors.size()) return out;
  out.apply.emplace_back("clearselectors");
  out.apply.insert(out.apply.end(), selectors.begin(), selectors.end());
  out.undo.emplace_back("clearselectors");
  out.undo.insert(out.undo.end(), user.selectors.begin(), user.selectors.end());
  return out;
}

std::vector<std::string> grants_of(const transforms::RuleSet& rules) {
  std::vector<std::string> out;
  for (const transforms::Rule& rule : rules.rules()) {
    for (const transforms::KeyPattern* side : {&rule.from, &rule.to}) {
      std::string glob = side->covering_glob();
      std::replace_if(
          glob.begin(), glob.end(), [](char c) { return c == ' ' || (c >= 0 && c < ' ') || c == 127; }, '?');
      out.push_back("~" + glob);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace keyshift::control
