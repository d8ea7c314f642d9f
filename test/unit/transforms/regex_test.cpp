#include "transforms/regex.hpp"

#include <doctest/doctest.h>

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

bool fits(const char* regex, BytesView text) {
  const RegexRead read = compile_regex(regex);
  REQUIRE_MESSAGE(read.dfa.has_value(), regex << ": " << read.what);
  return read.dfa->fits(text);
}

}  // namespace

TEST_CASE("a regular expression fits what it says and nothing else") {
  CHECK(fits("abc", "abc"));
  CHECK_FALSE(fits("abc", "abcd"));
  CHECK(fits("a|bc", "bc"));
  CHECK_FALSE(fits("a|bc", "ac"));
  CHECK(fits("(ab)+c?", "ababc"));
  CHECK_FALSE(fits("(?:ab)+c?", "abac"));
  CHECK(fits("a{2,3}", "aaa"));
  CHECK_FALSE(fits("a{2,3}", "aaaa"));
  CHECK(fits("a{2,}", "aaaaa"));
  CHECK_FALSE(fits("a{2}", "a"));
  CHECK(fits("[a-c\\]]+", "b]a"));
  CHECK(fits("[^:]+", "x/y"));
  CHECK_FALSE(fits("[^:]+", "x:y"));
  CHECK(fits("[a-]+", "-a"));
  CHECK(fits("\\d+\\.\\d+", "1.20"));
  CHECK_FALSE(fits("\\d+\\.\\d+", "1x20"));
  CHECK(fits("\\x41.", BytesView("A\0", 2)));
  CHECK(fits("\\W\\w\\s\\S\\D", "-a b-"));
}

TEST_CASE("the empty text never fits, for a capture takes at least one byte") {
  CHECK_FALSE(fits("a*", ""));
  CHECK(fits("a*", "a"));
  CHECK(fits("(a*)*b?", "aab"));
  CHECK(compile_regex("").what == "nothing but the empty text fits this regular expression");
}

TEST_CASE("what is not regular, or has no meaning in a capture, is refused where it stands") {
  const auto refusal = [](const char* text) {
    const RegexRead read = compile_regex(text);
    return read.dfa ? std::string("accepted") : std::to_string(read.at) + " " + read.what;
  };
  CHECK(refusal("(a)\\1") == "3 back-references are not regular and cannot be used here");
  CHECK(refusal("^a") == "0 a capture fits as a whole: leave the anchor out");
  CHECK(refusal("a(?=b)") == "2 of the groups with ? only (?: ) is known");
  CHECK(refusal("a+?") == "2 lazy, possessive and doubled quantifiers have no meaning here");
  CHECK(refusal("(ab") == "0 this ( has no )");
  CHECK(refusal("ab)") == "2 this ) has no (");
  CHECK(refusal("[ab") == "0 this [ has no ]");
  CHECK(refusal("[b-a]") == "0 a range needs one byte at each end, the lower one first");
  CHECK(refusal("a{3,2}") == "1 the lower count comes first");
  CHECK(refusal("a{x}") == "1 a count is a number up to 1000");
  CHECK(refusal("a\\") == "1 a backslash needs a character behind it");
  CHECK(refusal("*a") == "0 there is nothing in front to repeat");
  CHECK(refusal("\\q") == "0 the escape \\q is not known");
}

TEST_CASE("a regular expression that would need too much is refused, and soon") {
  CHECK(compile_regex("((a{1000}){1000}){1000}").what.find("too large") != std::string::npos);
  CHECK(compile_regex("(a|b)*a(a|b){18}").what.find("too many states") != std::string::npos);
  CHECK(compile_regex(std::string(5000, '(')).what == "groups are nested too deeply (32 at most)");
}
