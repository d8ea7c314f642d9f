// The arguments of a row, as Command::arguments notes them, agree with what the row says elsewhere.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "requests.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

/// Why `text` cannot be read, or nothing.
std::optional<Bytes> malformed(BytesView text) {
  Bytes open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[') open += c == '(' ? ')' : ']';
    if (c == ')' || c == ']') {
      if (open.empty() || open.back() != c) return "bracket " + std::to_string(i) + " closes nothing";
      open.pop_back();
    }
    if (c == ' ' && (i == 0 || i + 1 == text.size() || text[i + 1] == ' ')) return "stray blank";
  }
  return open.empty() ? std::nullopt : std::optional<Bytes>("a bracket is not closed");
}

/// Words of the notation, without brackets, bars and dots.
std::vector<Bytes> roles(BytesView text) {
  Bytes plain(text);
  for (char& c : plain)
    if (BytesView("()[]|.").find(c) != BytesView::npos) c = ' ';
  std::vector<Bytes> words = test::words(plain);
  std::erase(words, Bytes());
  return words;
}

bool names_a_key(const Bytes& role) { return role == "key" || role.ends_with(":key"); }

TEST_CASE("the arguments of every row can be read") {
  const Table table;
  for (const Command* row : table.all()) {
    const auto wrong = malformed(row->arguments);
    CHECK_MESSAGE(!wrong.has_value(), row->name << ": " << wrong.value_or(""));
  }
}

TEST_CASE("a row has an argument in the role of a key exactly when it has a key spec for it") {
  const Table table;
  for (const Command* row : table.all()) {
    if (row->name == "CLUSTER KEYSLOT") continue;  // names a key without touching it
    const auto specs = row->specs();
    const bool has_spec =
        std::any_of(specs.begin(), specs.end(), [](const KeySpec& s) { return (s.flags & kNotKey) == 0; });
    const auto words = roles(row->arguments);
    CHECK_MESSAGE(std::any_of(words.begin(), words.end(), names_a_key) == has_spec, row->name);
  }
}

TEST_CASE("a key whose place is fixed is where its role stands") {
  const Table table;
  for (const Command* row : table.all()) {
    const std::size_t name_words = row->subcommand() ? 2 : 1;
    const auto words = roles(row->arguments);
    for (const KeySpec& spec : row->specs()) {
      if ((spec.flags & kNotKey) != 0 || spec.begin != KeySpec::Begin::index || spec.find != KeySpec::Find::range)
        continue;
      const std::size_t at = static_cast<std::size_t>(spec.start) - name_words;
      REQUIRE_MESSAGE(at < words.size(), row->name);
      // BITOP's operation is one argument however many words may stand for it.
      if (row->arguments.find('|') < row->arguments.find("key")) continue;
      CHECK_MESSAGE(names_a_key(words[at]), row->name);
    }
  }
}

TEST_CASE("a row whose arguments are all fixed has the arity that they count") {
  const Table table;
  for (const Command* row : table.all()) {
    if (row->arity < 0 || row->arguments.find_first_of("([|.") != BytesView::npos) continue;
    const std::size_t name_words = row->subcommand() ? 2 : 1;
    CHECK_MESSAGE(roles(row->arguments).size() + name_words == static_cast<std::size_t>(row->arity), row->name);
  }
}

}  // namespace
}  // namespace keyshift::commands
