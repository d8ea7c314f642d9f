#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "transforms/glob_automaton.hpp"
#include "unit/transforms/some_rules.hpp"

using namespace keyshift;
using namespace keyshift::transforms;
using keyshift::transforms::test::rules_of;

namespace {

bool in_set(BytesView glob, std::size_t& at, char c) {
  bool found = false;
  const bool negated = ++at < glob.size() && glob[at] == '^';
  if (negated) ++at;
  for (; at < glob.size() && glob[at] != ']'; ++at) {
    if (glob[at] == '\\' && at + 1 < glob.size()) {
      found |= glob[++at] == c;
    } else if (at + 2 < glob.size() && glob[at + 1] == '-') {
      found |= std::min(glob[at], glob[at + 2]) <= c && c <= std::max(glob[at], glob[at + 2]);
      at += 2;
    } else {
      found |= glob[at] == c;
    }
  }
  return found != negated;
}

/// Redis' matching, written for clarity: the first element against the rest, star by trying.
bool fits(BytesView glob, BytesView text) {
  if (glob.empty()) return text.empty();
  if (glob[0] == '*') return fits(glob.substr(1), text) || (!text.empty() && fits(glob, text.substr(1)));
  if (text.empty()) return false;
  std::size_t at = 0;
  bool same = true;
  if (glob[0] == '[') {
    same = in_set(glob, at, text[0]);
    at = std::min(at, glob.size() - 1);
  } else if (glob[0] != '?') {
    if (glob[0] == '\\' && glob.size() > 1) ++at;
    same = glob[at] == text[0];
  }
  return same && fits(glob.substr(at + 1), text.substr(1));
}

bool fits(const std::vector<GlobElement>& glob, BytesView text, std::size_t element = 0) {
  if (element == glob.size()) return text.empty();
  if (glob[element].star)
    return fits(glob, text, element + 1) || (!text.empty() && fits(glob, text.substr(1), element));
  return !text.empty() && glob[element].bytes[static_cast<unsigned char>(text[0])] &&
         fits(glob, text.substr(1), element + 1);
}

std::string letters(const char* alphabet, std::size_t most) {
  const auto size = *rc::gen::inRange<std::size_t>(0, most + 1);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string(alphabet)));
}

}  // namespace

TEST_CASE("a glob is read as Redis reads it") {
  CHECK(rc::check([] {
    for (int i = 0; i < 50; ++i) {
      const Bytes glob = letters("ab*?[]^-\\", 7), text = letters("ab-]^", 4);
      RC_ASSERT(fits(read_glob(glob), text) == fits(glob, text));
    }
  }));
}

TEST_CASE("a glob that excludes the rules fits none of their keys") {
  const auto rules = rules_of({{"a<x:/b+/>", "[<x>]"}, {"b:<y:int>-", "ab:<y>"}});
  std::size_t excluded = 0, met = 0;
  CHECK(rc::check([&] {
    for (int i = 0; i < 50; ++i) {
      const Bytes glob = letters("ab:*?[]-\\", 5);
      if (!rules->glob_excludes(glob)) continue;
      ++excluded;
      for (const char* key : {"ab", "abb", "[b]", "[bb]", "b:1-", "b:-7-", "ab:1", "ab:0", "b:0-", "abbb", "[bbb]"}) {
        REQUIRE(rules->match(key).rule >= 0);
        RC_ASSERT(!fits(glob, key));
        ++met;
      }
    }
  }));
  CHECK(excluded > 100);
  CHECK(met > 100);
}

TEST_CASE("only a glob that could name a record is not excluded") {
  const auto rules = rules_of({{"sess:<token>", "session:v2:<token>"}, {"user:<id:int>", "{user:<id>}:profile"}});
  for (const char* glob :
       {"*", "s*", "user:*", "user:?", "{user:*", "*profile", "sess:[a-z]*", "sess:abc", "*:v2:x", "u[s]er:1*"})
    CHECK_MESSAGE(!rules->glob_excludes(glob), std::string(glob));
  for (const char* glob : {"", "cart:*", "user:", "user:[a-z]*", "sess", "user:1x*", "{user:1}:profil", "{user:}*", "?",
                           "[^s{u]*", "keyshift:*"})
    CHECK_MESSAGE(rules->glob_excludes(glob), std::string(glob));
}

TEST_CASE("a glob that would take too long to compare is not excluded") {
  const auto rules = rules_of({{"sess:<token>", "session:v2:<token>"}});
  CHECK_FALSE(rules->glob_excludes(Bytes(1'000'000, '?')));
}
