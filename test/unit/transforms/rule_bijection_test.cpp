// What every accepted rule promises, tried on generated patterns and keys: a key has one other name, and that name
// leads back. The oracle cuts keys by brute force and knows no automata.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <optional>

#include "transforms/ambiguity.hpp"
#include "transforms/combined_dfa.hpp"
#include "unit/transforms/some_rules.hpp"

using namespace keyshift;
using namespace keyshift::transforms;
using keyshift::transforms::test::rules_of;

namespace {

/// Generated pairs are often refused; so a property looks at many of them per case.
constexpr int kPairs = 20;

using Values = std::map<std::string, Bytes>;

std::string any_text(const char* alphabet, std::size_t least, std::size_t most) {
  const auto size = *rc::gen::inRange<std::size_t>(least, most + 1);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string(alphabet)));
}

/// A pattern over few letters, so that literals and captures meet often.
std::string any_pattern(const std::vector<std::string>& captures) {
  std::string text = any_text("ab:", 0, 2);
  for (const std::string& capture : captures) text += "<" + capture + ">" + any_text("ab:", 0, 2);
  return text;
}

std::string any_class() {
  return *rc::gen::element<std::string>("", "", "", ":any", ":int", ":hex", ":word", ":/a+b?/", ":/[^:]+/",
                                        ":/(ab)*:?/");
}

std::optional<std::pair<std::string, std::string>> any_pair() {
  std::vector<std::string> from, to;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    const std::string name(1, static_cast<char>('x' + i)), kind = any_class();
    const bool here = *rc::gen::arbitrary<bool>();
    from.push_back(name + (here ? kind : ""));
    to.insert(to.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(to.size()) + 1),
              name + (here ? "" : kind));
  }
  std::pair pair{any_pattern(from), any_pattern(to)};
  if (!KeyPattern::parse(pair.first) || !KeyPattern::parse(pair.second)) return std::nullopt;
  return pair;
}

/// Every way to cut `key` along `chain`, by trying all.
void all_cuts(const KeyPattern& pattern, const Chain& chain, BytesView key, std::size_t piece, Values values,
              std::vector<Values>& out) {
  if (piece == chain.pieces.size()) {
    if (key.empty()) out.push_back(values);
    return;
  }
  for (std::size_t size = 1; size <= key.size(); ++size) {
    const BytesView part = key.substr(0, size);
    if (!chain.pieces[piece]->fits(part)) continue;
    Values with = values;
    if (pattern.pieces()[piece].capture) with[pattern.pieces()[piece].name] = part;
    all_cuts(pattern, chain, key.substr(size), piece + 1, with, out);
  }
}

std::vector<Values> cuts_of(const KeyPattern& pattern, const Chain& chain, BytesView key) {
  std::vector<Values> out;
  all_cuts(pattern, chain, key, 0, {}, out);
  return out;
}

Bytes written(const KeyPattern& pattern, const Values& values) {
  Bytes key;
  for (const Piece& piece : pattern.pieces()) key += piece.capture ? values.at(piece.name) : piece.literal;
  return key;
}

/// A key that fits `pattern` more often than a random one would.
Bytes likely_key(const KeyPattern& pattern) {
  Bytes key;
  for (const Piece& piece : pattern.pieces()) key += piece.capture ? any_text("ab:1", 1, 4) : piece.literal;
  return key;
}

bool sound(const KeyPattern& from, const KeyPattern& to, RuleCompilation& compilation) {
  compilation = compile_rule(from, to);
  if (!compilation.problems.empty()) return false;
  const std::vector<Chain> chains{compilation.automata.from, compilation.automata.to};
  return combine(chains).clashes.empty();
}

}  // namespace

TEST_CASE("every key of an accepted rule has one other name, and that name leads back") {
  std::size_t accepted = 0, in_scope = 0;
  CHECK(rc::check([&] {
    for (int p = 0; p < kPairs; ++p) {
      const auto pair = any_pair();
      if (!pair) continue;
      const KeyPattern from = *KeyPattern::parse(pair->first), to = *KeyPattern::parse(pair->second);
      RuleCompilation rule;
      if (!sound(from, to, rule)) continue;
      ++accepted;
      const auto rules = rules_of({*pair});
      for (int i = 0; i < 30; ++i) {
        const Side side = i % 2 == 0 ? Side::from : Side::to;
        const KeyPattern& here = side == Side::from ? from : to;
        const Bytes key = likely_key(here);
        const auto expected = cuts_of(here, side == Side::from ? rule.automata.from : rule.automata.to, key);
        RC_ASSERT(expected.size() <= 1U);
        const Match match = rules->match(key);
        if (expected.empty()) {
          RC_ASSERT(match.rule < 0 || match.side != side);
          continue;
        }
        ++in_scope;
        RC_ASSERT(match.rule == 0);
        RC_ASSERT((match.side == side));
        Bytes other, back;
        rules->other_name(match, key, other);
        RC_ASSERT(other == written(side == Side::from ? to : from, expected[0]));
        const Match mirror = rules->match(other);
        RC_ASSERT(mirror.rule == 0);
        RC_ASSERT((mirror.side != side));
        rules->other_name(mirror, other, back);
        RC_ASSERT(back == key);
      }
    }
  }));
  // The generator is of no use when it never meets an accepted rule.
  CHECK(accepted > 10);
  CHECK(in_scope > 50);
}

TEST_CASE("a rule that is called ambiguous has the example key that it is shown with") {
  std::size_t met = 0;
  CHECK(rc::check([&] {
    for (int p = 0; p < kPairs; ++p) {
      const auto pair = any_pair();
      if (!pair) continue;
      const KeyPattern pattern = *KeyPattern::parse(pair->first);
      const Chain chain = own_chain(pattern);
      std::size_t work = 0;
      const auto found = find_ambiguity(chain, work);
      if (!found) {
        for (int i = 0; i < 20; ++i) RC_ASSERT(cuts_of(pattern, chain, likely_key(pattern)).size() <= 1U);
        continue;
      }
      ++met;
      RC_ASSERT(cuts_of(pattern, chain, found->key).size() > 1U);
      RC_ASSERT(found->one != found->other);
    }
  }));
  CHECK(met > 5);
}

TEST_CASE("patterns that are said to clash share the example key, and others share none") {
  CHECK(rc::check([] {
    const auto one = any_pair(), other = any_pair();
    if (!one || !other) return;
    const KeyPattern a = *KeyPattern::parse(one->first), b = *KeyPattern::parse(other->first);
    const std::vector<Chain> chains{own_chain(a), own_chain(b)};
    const CombinedDfa combined = combine(chains);
    for (const Clash& clash : combined.clashes) {
      RC_ASSERT(!cuts_of(a, chains[0], clash.key).empty());
      RC_ASSERT(!cuts_of(b, chains[1], clash.key).empty());
    }
    if (!combined.clashes.empty()) return;
    for (int i = 0; i < 20; ++i) {
      const Bytes key = likely_key(i % 2 == 0 ? a : b);
      RC_ASSERT(cuts_of(a, chains[0], key).empty() || cuts_of(b, chains[1], key).empty());
    }
  }));
}
