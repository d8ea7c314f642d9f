#include "control/change.hpp"

#include <doctest/doctest.h>

#include "control/control_record.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

Change some_hold() {
  Change c;
  c.id = {7, 0x3fu};
  c.prev = {6, 0xabcdef0123456789u};
  c.hold = true;
  c.forced = true;
  c.era = 3;
  c.scope = {5, 1};
  c.runs.push_back({"0011223344556677", "users v2", "aa55", Phase::migrate, Wanted::cutover, {5, 1}});
  c.runs.push_back({"8899aabbccddeeff", "orders", "bb66", Phase::observe, Wanted::nothing, {2, 9}});
  return c;
}

const char* const kGolden =
    "keyshift-change 1\n"
    "epoch 7\n"
    "word 000000000000003f\n"
    "prev 6.abcdef0123456789\n"
    "kind hold\n"
    "forced 1\n"
    "era 3\n"
    "scope 5.0000000000000001\n"
    "run 0011223344556677 aa55 migrate cutover 5.0000000000000001 users v2\n"
    "run 8899aabbccddeeff bb66 observe nothing 2.0000000000000009 orders\n";

}  // namespace

TEST_CASE("a change of format 1 is these bytes, for ever") {
  CHECK(encode(some_hold()) == kGolden);
  const auto read = read_change(kGolden);
  REQUIRE(read.has_value());
  CHECK(*read == some_hold());
}

TEST_CASE("every prefix of a change, and every change with one byte less or other, is read or refused, never half") {
  const Bytes whole = kGolden;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto read = read_change(BytesView(whole).substr(0, n));
    // Cut behind a whole line of the table of runs it is a change with fewer runs: HGETALL never cuts a value.
    if (read) CHECK(encode(*read) == whole.substr(0, n));
  }
  for (std::size_t n = 0; n < whole.size(); ++n)
    for (const char other : {'\n', ' ', '0', 'x', '\xff'}) {
      Bytes changed = whole;
      changed[n] = other;
      if (const auto read = read_change(changed)) CHECK(encode(*read) == changed);
    }
}

TEST_CASE("a change of another format is refused by its number, but its epoch and word are read") {
  Bytes later = kGolden;
  later.replace(0, 17, "keyshift-change 2");
  later += "mood good\n";
  const auto read = read_change(later);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().what.find("format 2") != std::string::npos);
  CHECK(read_change_id(later) == ChangeId{7, 0x3f});
  CHECK(!read_change_id("something else"));
}

TEST_CASE("a change lacks nothing and has no epoch 0") {
  CHECK_FALSE(read_change("keyshift-change 1\nepoch 7\nword 000000000000003f\n").has_value());
  Bytes zero = kGolden;
  zero.replace(zero.find("epoch 7"), 7, "epoch 0");
  CHECK_FALSE(read_change(zero).has_value());
}

TEST_CASE("phases and wishes keep their names") {
  for (const auto phase : {Phase::observe, Phase::migrate, Phase::cutover, Phase::complete, Phase::rollback})
    CHECK(phase_of(name(phase)) == phase);
  for (const auto wanted : {Wanted::nothing, Wanted::start, Wanted::cutover, Wanted::rollback, Wanted::observe,
                            Wanted::complete, Wanted::abort, Wanted::forget})
    CHECK(wanted_of(name(wanted)) == wanted);
  CHECK(!phase_of("half"));
  CHECK(!wanted_of(""));
}

TEST_CASE("the record is cur and next; other fields are of a later version") {
  const Bytes change = kGolden;
  const auto record = read_record({"next", change, "later", "500", "cur", change});
  REQUIRE(record.has_value());
  REQUIRE(record->has_value());
  CHECK((*record)->settled());
  CHECK_FALSE(read_record({"cur", change}).has_value());
  CHECK_FALSE(read_record({"cur", change, "next", "x"}).has_value());
  const auto none = read_record({});
  REQUIRE(none.has_value());
  CHECK_FALSE(none->has_value());
}
