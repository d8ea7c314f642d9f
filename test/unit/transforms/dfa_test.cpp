#include "transforms/dfa.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

Bytes from_alphabet(const char* alphabet, std::size_t most) {
  const Bytes letters(alphabet);
  const auto size = *rc::gen::inRange<std::size_t>(0, most + 1);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(letters));
}

}  // namespace

TEST_CASE("a word is its own language") {
  CHECK(literal_dfa("user:").fits("user:"));
  CHECK_FALSE(literal_dfa("user:").fits("user"));
  CHECK_FALSE(literal_dfa("user:").fits("user:1"));
}

TEST_CASE("what is in front of a literal is what a search for it leaves in front") {
  CHECK(rc::check([] {
    const Bytes stop = from_alphabet("ab", 4), word = from_alphabet("ab", 8);
    RC_PRE(!stop.empty());
    const bool expected = !word.empty() && (word + stop).find(stop) == word.size();
    RC_ASSERT(until_dfa(stop).fits(word) == expected);
  }));
}

TEST_CASE("what no literal ends is any word but the empty one") {
  CHECK(until_dfa("").fits(BytesView("\0:", 2)));
  CHECK_FALSE(until_dfa("").fits(""));
}

TEST_CASE("an intersection holds what both hold, and is inside of each") {
  CHECK(rc::check([] {
    const Dfa a = until_dfa(from_alphabet("ab", 3)), b = until_dfa(from_alphabet("bc", 3));
    const Dfa both = *intersect(a, b);
    const Bytes word = from_alphabet("abc", 8);
    RC_ASSERT(both.fits(word) == (a.fits(word) && b.fits(word)));
    RC_ASSERT(included(both, a) && included(both, b));
    if (included(a, b) && a.fits(word)) RC_ASSERT(b.fits(word));
  }));
}

TEST_CASE("languages without a common word leave nothing over") {
  CHECK(intersect(literal_dfa("a"), literal_dfa("b"))->empty());
  CHECK_FALSE(intersect(literal_dfa("a"), until_dfa(":"))->empty());
}
