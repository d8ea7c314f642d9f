#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "requests.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

using test::views;
using test::words;

/// The keys as "index:access index:access", "bad" when they cannot be told, "+" behind when more may hide.
Bytes keys_of(BytesView line) {
  static const Table table;
  const auto w = words(line);
  const auto argv = views(w);
  const Command* const command = table.find(argv);
  KeyList keys;
  if (!command || !Table::keys(*command, argv, keys)) return "bad";
  Bytes out;
  for (const KeyAt& k : keys.keys()) {
    const char* access = k.access == kRO   ? "RO"
                         : k.access == kRW ? "RW"
                         : k.access == kOW ? "OW"
                         : k.access == kRM ? "RM"
                                           : "?";
    out += (out.empty() ? "" : " ") + std::to_string(k.index) + ":" + access;
  }
  return keys.incomplete ? out + "+" : out;
}

TEST_CASE("one key, all keys, every second key") {
  CHECK(keys_of("GET k") == "1:RO");
  CHECK(keys_of("DEL a b c") == "1:RM 2:RM 3:RM");
  CHECK(keys_of("MSET a 1 b 2") == "1:OW 3:OW");
  CHECK(keys_of("BLPOP a b 0") == "1:RW 2:RW");
  CHECK(keys_of("OBJECT ENCODING k") == "2:RO");
  CHECK(keys_of("PING") == "");
}

TEST_CASE("a count says how many keys follow") {
  CHECK(keys_of("EVAL s 2 a b arg") == "3:RW 4:RW");
  CHECK(keys_of("EVAL s 0 arg") == "");
  CHECK(keys_of("ZUNIONSTORE d 2 a b WEIGHTS 1 2") == "1:OW 3:RO 4:RO");
  CHECK(keys_of("MSETEX 2 a 1 b 2 EX 3") == "2:OW 4:OW");
}

TEST_CASE("a count that is no count, or too large, is a malformed request") {
  for (const char* line : {"EVAL s x a", "EVAL s -1 a", "EVAL s 3 a b", "EVAL s +1 a", "EVAL s ''",
                           "LMPOP 9223372036854775807 a LEFT", "EVAL s 99999999999999999999 a", "MSETEX 2 a 1 b"})
    CHECK_MESSAGE(keys_of(line) == (BytesView(line) == "MSETEX 2 a 1 b" ? "2:OW 4:OW" : "bad"), line);
}

TEST_CASE("SET reads what was there only with GET, BITFIELD writes only with SET or INCRBY") {
  CHECK(keys_of("SET k v") == "1:OW");
  CHECK(keys_of("SET k v NX get") == "1:RW");
  CHECK(keys_of("SET k get") == "1:OW");
  CHECK(keys_of("BITFIELD k GET u8 0 OVERFLOW WRAP GET u8 8") == "1:RO");
  CHECK(keys_of("BITFIELD k GET u8 0 INCRBY u8 0 1") == "1:RW");
}

TEST_CASE("SORT: the last STORE counts, a pattern without a star reads no other key") {
  CHECK(keys_of("SORT k") == "1:RO");
  CHECK(keys_of("SORT k BY nosort GET # STORE a STORE b") == "1:RO 9:OW");
  CHECK(keys_of("SORT k BY w_* STORE d") == "1:RO 5:OW+");
  CHECK(keys_of("SORT k GET o_*->f") == "1:RO+");
  CHECK(keys_of("SORT k BY STORE LIMIT STORE STORE") == "1:RO");
  CHECK(keys_of("SORT_RO k BY w_*") == "1:RO+");
}

TEST_CASE("GEORADIUS: the last of STORE and STOREDIST counts, and COUNT has an argument") {
  CHECK(keys_of("GEORADIUS k 1 2 3 m COUNT 3 STORE a") == "1:RO 9:OW");
  CHECK(keys_of("GEORADIUS k 1 2 3 m STORE a STOREDIST b") == "1:RO 9:OW");
  CHECK(keys_of("GEORADIUSBYMEMBER k store 3 m ASC") == "1:RO");
  CHECK(keys_of("GEORADIUSBYMEMBER k m 3 m STOREDIST d") == "1:RO 6:OW");
  CHECK(keys_of("GEORADIUS_RO k 1 2 3 m") == "1:RO");
}

TEST_CASE("XREAD: STREAMS may also be the name of a group, a consumer or a key") {
  CHECK(keys_of("XREAD STREAMS a b 0 0") == "2:RO 3:RO");
  CHECK(keys_of("XREAD BLOCK 0 COUNT 2 STREAMS STREAMS 0") == "6:RO");
  CHECK(keys_of("XREADGROUP GROUP STREAMS STREAMS NOACK STREAMS k >") == "6:RO");
  CHECK(keys_of("XREADGROUP COUNT 1 GROUP STREAMS STREAMS STREAMS k >") == "7:RO");
  CHECK(keys_of("XREADGROUP GROUP g c CLAIM 5 STREAMS k >") == "7:RO");
  CHECK(keys_of("XREAD STREAMS a b 0") == "bad");
  CHECK(keys_of("XREAD COUNT 1 STREAMS") == "bad");
  CHECK(keys_of("XREAD COUNT") == "bad");
}

TEST_CASE("MIGRATE: one key at 3, or, when that is empty, all behind KEYS") {
  CHECK(keys_of("MIGRATE h 1 k 0 9 COPY") == "3:RW");
  CHECK(keys_of("MIGRATE h 1 '' 0 9 AUTH2 keys keys REPLACE KEYS a b") == "11:RW 12:RW");
  CHECK(keys_of("MIGRATE h 1 k 0 9 KEYS a") == "bad");
}

TEST_CASE("channels are no keys") {
  CHECK(keys_of("SPUBLISH c m") == "");
  CHECK(keys_of("SSUBSCRIBE a b") == "");
}

TEST_CASE("DEBUG has keys although COMMAND does not say so") {
  CHECK(keys_of("DEBUG OBJECT k") == "2:RO");
  CHECK(keys_of("DEBUG DIGEST-VALUE a b") == "2:RO 3:RO");
  CHECK(keys_of("DEBUG SLEEP 0") == "");
}

TEST_CASE("too few arguments are a malformed request, not a read past the end") {
  for (const char* line : {"GET", "SET", "MSET", "RENAME a", "SORT", "MIGRATE h 1", "BITFIELD", "EVAL s", "XREAD",
                           "OBJECT ENCODING", "LCS a"})
    CHECK_MESSAGE(keys_of(line) == "bad", line);
}

TEST_CASE("more than sixteen keys are all there, and clear() makes the list new") {
  Bytes line = "DEL";
  for (int i = 0; i < 40; ++i) line += " k";
  const auto w = words(line);
  static const Table table;
  KeyList keys;
  REQUIRE(Table::keys(*table.find(views(w)), views(w), keys));
  REQUIRE(keys.size() == 40);
  for (std::uint32_t i = 0; i < 40; ++i) CHECK(keys.keys()[i].index == i + 1);
  keys.clear();
  CHECK(keys.size() == 0);
  keys.add(7, kRO);
  REQUIRE(keys.size() == 1);
  CHECK(keys.keys()[0].index == 7);
}

TEST_CASE("the keys of a prefix are those of the whole, or it says that it cannot tell") {
  static const Table table;
  CHECK(rc::check([] {
    const Command* const row = *rc::gen::elementOf(std::vector<const Command*>(table.all().begin(), table.all().end()));
    auto request = words(row->name);
    const auto more = *rc::gen::container<std::vector<Bytes>>(rc::gen::element<Bytes>(
        "k", "2", "1", "0", "STREAMS", "STORE", "KEYS", "GET", "BY", "w_*", "COUNT", "GROUP", "", "BLOCK"));
    request.insert(request.end(), more.begin(), more.end());
    const auto argv = views(request);
    const auto cut = *rc::gen::inRange<std::size_t>(1, argv.size() + 1);
    KeyList whole, part;
    const bool whole_told = Table::keys(*row, argv, whole);
    for (const KeyAt& k : whole.keys()) RC_ASSERT(k.index < argv.size());
    if (!Table::keys_of_prefix(*row, std::span(argv).first(cut), argv.size(), part)) return;
    RC_ASSERT(whole_told);
    RC_ASSERT(part.size() == whole.size());
    for (std::size_t i = 0; i < part.size(); ++i) RC_ASSERT(part.keys()[i].index == whole.keys()[i].index);
  }));
}

}  // namespace
}  // namespace keyshift::commands
