#include "transforms/hash_tag.hpp"

#include <doctest/doctest.h>

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

std::string proof(const char* from_text, const char* to_text) {
  const KeyPattern from = *KeyPattern::parse(from_text), to = *KeyPattern::parse(to_text);
  const RuleCompilation rule = compile_rule(from, to);
  REQUIRE(rule.problems.empty());
  const SlotProof slot = prove_one_slot(from, to, rule.automata);
  return slot.one_slot ? "one slot" : slot.why;
}

}  // namespace

TEST_CASE("names share a slot when the same literals and captures decide it") {
  CHECK(proof("user:<id:int>", "{user:<id>}:profile") == "one slot");
  CHECK(proof("a{<x:word>}:<y:int>", "<y>{<x>}b") == "one slot");
  CHECK(proof("{fixed}:<x>", "v2{fixed}:<x>") == "one slot");
  CHECK(proof("{}:<x:int>", "{{}:<x>}") != "one slot");
  CHECK(proof("a{b}c{<x:int>}", "{b}<x>") == "one slot");
}

TEST_CASE("a capture that may hold a brace in front of the tag leaves the slot open") {
  CHECK(proof("user:<id>", "{user:<id>}:profile") == "in `from` <id> may hold a '{', which would decide the slot");
  CHECK(proof("a:{<x:any>}", "b:{<x>!}") == "in `from` <x> may hold a '}', which would decide the slot");
  CHECK(proof("a:{<x>}", "b:{<x>}") == "one slot");
}

TEST_CASE("names whose slots come from different texts are told with both") {
  CHECK(proof("user:<id:int>", "{person:<id>}") ==
        "the slot of `from` comes from 'user:<id>', that of `to` from 'person:<id>'");
}
