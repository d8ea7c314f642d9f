#include "transforms/key_table.hpp"

#include <doctest/doctest.h>

#include "unit/transforms/some_rules.hpp"

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

/// A hundred rules with names of the length that people give them.
std::vector<Chain> hundred_rules() {
  std::vector<Chain> chains;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    const KeyPattern from = *KeyPattern::parse("service" + n + ":account:<id:int>:session:<token>");
    const KeyPattern to = *KeyPattern::parse("v2:{service" + n + ":<id>}:sessions:<token>");
    const RuleCompilation rule = compile_rule(from, to);
    chains.push_back(rule.automata.from);
    chains.push_back(rule.automata.to);
  }
  return chains;
}

}  // namespace

TEST_CASE("the packed table walks as the automaton that it was made of") {
  const std::vector<Chain> chains = hundred_rules();
  const CombinedDfa combined = combine(chains);
  REQUIRE(combined.clashes.empty());
  const KeyTable table(combined);
  REQUIRE(table.states() == combined.states());
  std::size_t different = 0;
  for (std::size_t s = 0; s < combined.states(); ++s) {
    for (std::size_t c = 0; c < table.classes(); ++c) {
      if (table.next(static_cast<std::uint16_t>(s), static_cast<std::uint8_t>(c)) !=
          combined.next[s * table.classes() + c])
        ++different;
    }
  }
  CHECK(different == 0);
  CHECK(table.classify("service42:account:7:session:ab:c") == 84);
  CHECK(table.classify("v2:{service99:7}:sessions:x") == 199);
  CHECK(table.classify("service100:account:7:session:x") == CombinedDfa::nobody);
}

TEST_CASE("a hundred rules fit into half a mebibyte") {
  const KeyTable table(combine(hundred_rules()));
  MESSAGE(table.states() << " states, " << table.memory() << " bytes");
  CHECK(table.memory() < 512 * 1024);
}
