#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

#include "requests.hpp"
#include "resp/commands/name_index.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

using test::views;
using test::words;

const Command* find(const Table& table, BytesView line) {
  const auto w = words(line);
  return table.find(views(w));
}

TEST_CASE("every row is found by its own name in any mix of cases") {
  const Table table;
  for (const Command* row : table.all()) {
    Bytes name(row->name);
    for (std::size_t i = 0; i < name.size(); i += 2)
      if (name[i] >= 'A' && name[i] <= 'Z') name[i] = static_cast<char>(name[i] + 32);
    CHECK_MESSAGE(find(table, name) == row, name);
  }
}

TEST_CASE("ids are positions and names are unique") {
  const Table table;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < table.all().size(); ++i) {
    CHECK(table.all()[i]->id == i);
    CHECK_MESSAGE(names.insert(table.all()[i]->name).second, table.all()[i]->name);
  }
}

TEST_CASE("a container with an unknown or missing subcommand gives the container") {
  const Table table;
  CHECK(find(table, "config get maxmemory")->name == "CONFIG GET");
  CHECK(find(table, "config frobnicate")->name == "CONFIG");
  CHECK(find(table, "config")->name == "CONFIG");
  CHECK(find(table, "config ''")->name == "CONFIG");
}

TEST_CASE("what follows a command that is no container is no subcommand") {
  const Table table;
  CHECK(find(table, "get get")->name == "GET");
  CHECK(find(table, "command get")->name == "COMMAND");
}

TEST_CASE("unknown names are not found") {
  const Table table;
  for (const char* name :
       {"", "g", "ge", "gett", "config get", "xyzzy", "a-name-that-is-longer-than-thirty-two-bytes"}) {
    const BytesView argv[] = {name};
    CHECK_MESSAGE(table.find(argv) == nullptr, name);
  }
}

TEST_CASE("only letters have a case: names that differ in bit 5 of another byte are other names") {
  const Table table;
  const BytesView at[] = {"\x07\x45\x54"}, brace[] = {"hos\x54\x1a"}, high[] = {"\xe7\xe5\xf4"};
  CHECK(table.find(at) == nullptr);
  CHECK(table.find(brace) == nullptr);
  CHECK(table.find(high) == nullptr);
}

TEST_CASE("folded names are equal exactly when the names are equal but for case") {
  CHECK(rc::check([] {
    const auto a = *rc::gen::container<Bytes>(rc::gen::arbitrary<char>());
    auto b = *rc::gen::oneOf(rc::gen::just(upper(a)), rc::gen::container<Bytes>(rc::gen::arbitrary<char>()));
    FoldedName fa, fb;
    const bool fits_a = fa.fold(a), fits_b = fb.fold(b);
    RC_ASSERT(fits_a == (!a.empty() && a.size() <= 32));
    if (fits_a && fits_b) RC_ASSERT((fa == fb) == equal_ignoring_case(a, b));
  }));
}

TEST_CASE("arity is exact when positive and a minimum when negative") {
  const Table table;
  CHECK(Table::arity_fits(*find(table, "get"), 2));
  CHECK_FALSE(Table::arity_fits(*find(table, "get"), 3));
  CHECK_FALSE(Table::arity_fits(*find(table, "del"), 1));
  CHECK(Table::arity_fits(*find(table, "del"), 900));
}

}  // namespace
}  // namespace keyshift::commands
