#include <doctest/doctest.h>

#include "requests.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

using resp::Reply;
using test::views;
using test::words;

Reply words_reply(std::initializer_list<const char*> texts) {
  std::vector<Reply> all;
  for (const char* text : texts) all.push_back(resp::status(text));
  return resp::array(std::move(all));
}

Reply map(std::initializer_list<Reply> members) { return resp::array(members); }

/// An entry of COMMAND with the six fields that every server gives.
Reply entry(const char* name, int arity, Reply flags, int first, int last, int step) {
  return resp::array({resp::bulk(name), resp::integer(arity), std::move(flags), resp::integer(first),
                      resp::integer(last), resp::integer(step)});
}

Bytes keys_of(const Table& table, BytesView line) {
  const auto w = words(line);
  KeyList keys;
  if (!Table::keys(*table.find(views(w)), views(w), keys)) return "bad";
  Bytes out;
  for (const KeyAt& k : keys.keys()) out += std::to_string(k.index) + " ";
  return out + (keys.incomplete ? "+" : "");
}

TEST_CASE("a module's command is learnt from the six fields of an old server") {
  Table table;
  const std::size_t known = table.all().size();
  const auto added = table.learn(resp::array(
      {entry("json.mget", -3, words_reply({"readonly"}), 1, -2, 1), entry("get", 2, words_reply({}), 9, 9, 9)}));
  REQUIRE(added.has_value());
  CHECK(*added == 1);
  REQUIRE(table.all().size() == known + 1);
  const Command& row = *table.all().back();
  CHECK(row.name == "JSON.MGET");
  CHECK(row.id == known);
  CHECK((row.flags & kReadonly) != 0);
  CHECK(keys_of(table, "Json.Mget a b $") == "1 2 ");
  CHECK(keys_of(table, "get a") == "1 ");
}

TEST_CASE("key specs are preferred to the six fields, keywords included") {
  Table table;
  Reply e = entry("mod.x", -2, words_reply({"write"}), 1, 1, 1);
  const Reply keyword =
      map({resp::bulk("type"), resp::bulk("keyword"), resp::bulk("spec"),
           map({resp::bulk("keyword"), resp::bulk("INTO"), resp::bulk("startfrom"), resp::integer(1)})});
  const Reply range = map({resp::bulk("type"), resp::bulk("range"), resp::bulk("spec"),
                           map({resp::bulk("lastkey"), resp::integer(0), resp::bulk("keystep"), resp::integer(1),
                                resp::bulk("limit"), resp::integer(0)})});
  e.elements.push_back(resp::array({}));
  e.elements.push_back(resp::array({}));
  e.elements.push_back(resp::array({map({resp::bulk("flags"), words_reply({"OW", "update"}), resp::bulk("begin_search"),
                                         keyword, resp::bulk("find_keys"), range})}));
  REQUIRE(table.learn(resp::array({e})).has_value());
  CHECK(keys_of(table, "mod.x a b into c") == "4 ");
}

TEST_CASE("keys that only a module's own function knows are told to be incomplete") {
  Table table;
  REQUIRE(
      table.learn(resp::array({entry("mod.move", -2, words_reply({"write", "movablekeys"}), 0, 0, 0)})).has_value());
  CHECK(keys_of(table, "mod.move a b") == "+");
}

TEST_CASE("subcommands are learnt, also those of a container that was known") {
  Table table;
  Reply e = entry("client", -2, words_reply({}), 0, 0, 0);
  for (int i = 0; i < 3; ++i) e.elements.push_back(resp::array({}));
  e.elements.push_back(resp::array(
      {entry("client|frobnicate", 3, words_reply({}), 2, 2, 1), entry("client|list", -2, words_reply({}), 0, 0, 0)}));
  const auto added = table.learn(resp::array({e}));
  REQUIRE(added.has_value());
  CHECK(*added == 1);
  const auto w = words("CLIENT frobnicate k");
  REQUIRE(table.find(views(w)) != nullptr);
  CHECK(table.find(views(w))->name == "CLIENT FROBNICATE");
  CHECK(keys_of(table, "CLIENT frobnicate k") == "2 ");
}

TEST_CASE("names longer than any of ours are found too") {
  Table table;
  REQUIRE(table.learn(resp::array({entry("amodule.with.a.very.long.name.indeed", 2, words_reply({}), 1, 1, 1)}))
              .has_value());
  CHECK(keys_of(table, "AModule.with.a.very.long.name.Indeed k") == "1 ");
}

TEST_CASE("an answer that is not one of COMMAND is refused, and nothing breaks") {
  Table table;
  CHECK_FALSE(table.learn(resp::bulk("no")).has_value());
  CHECK_FALSE(table.learn(resp::array({resp::integer(1)})).has_value());
  CHECK_FALSE(table.learn(resp::array({resp::array({resp::bulk("x")})})).has_value());
  CHECK(table.learn(resp::array({})).has_value());
}

}  // namespace
}  // namespace keyshift::commands
