#include "resp/commands/recent_rows.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace keyshift::commands {
namespace {

/// The words of a row's name, spelt as `spelling` says bit by bit: a set bit is a small letter.
std::vector<Bytes> words(const Command& command, unsigned spelling) {
  std::vector<Bytes> out(1);
  for (const char c : command.name) {
    if (c == ' ')
      out.emplace_back();
    else
      out.back() += (spelling >>= 1) & 1 ? static_cast<char>(std::tolower(c)) : c;
  }
  return out;
}

TEST_CASE("what came lately is found as the table finds it, whatever came in between") {
  Table table;
  RecentRows recent(table);
  CHECK(rc::check([&](const std::vector<std::pair<std::uint16_t, unsigned>>& picks) {
    for (const auto& [pick, spelling] : picks) {
      const auto spelt = words(*table.all()[pick % table.all().size()], spelling);
      std::vector<BytesView> argv(spelt.begin(), spelt.end());
      argv.emplace_back("x");
      RC_ASSERT(recent.find(argv) == table.find(argv));
      RC_ASSERT(recent.find(argv) == table.find(argv));
    }
  }));
}

TEST_CASE("names that share bytes are not taken for one another") {
  Table table;
  RecentRows recent(table);
  for (const BytesView name :
       {"GET", "GETX", "SET", "SETT", "MGET", "MGETMGET", "", "G", "GG", "GGG", "SETEX", "SETNX"}) {
    const BytesView argv[] = {name, "k"};
    for (int twice = 0; twice < 2; ++twice) CHECK(recent.find(argv) == table.find(argv));
  }
}

}  // namespace
}  // namespace keyshift::commands
