#include "proxy/engine/glob.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace keyshift::proxy {
namespace {

struct Row {
  BytesView pattern, text;
  bool fits;
};

using namespace std::string_view_literals;

constexpr Row kRows[] = {
    {"", "", true},
    {"*", "", false},
    {"**", "", false},
    {"", "a", false},
    {"*", "a", true},
    {"a*", "a", true},
    {"a**", "a", true},
    {"a?", "a", false},
    {"?", "\xff", true},
    {"*a*b*c", "xxaybzzc", true},
    {"*a*b*c", "xxbyazzc", false},
    {"*ab", "aab", true},
    {"h[ae]llo", "hallo", true},
    {"h[ae]llo", "hillo", false},
    {"h[^e]llo", "hello", false},
    {"h[^e]llo", "hallo", true},
    {"h[!e]llo", "h!llo", true},
    {"[a-c]", "b", true},
    {"[c-a]", "b", true},
    {"[a-c]", "d", false},
    {"[a-]", "-", false},  // the range from a to ']', whose class then has no end
    {"[a-]", "_", true},
    {"[]", "a", false},
    {"[^]", "a", true},
    {"[", "a", false},
    {"[^", "a", true},
    {"[ab", "b", true},
    {"[\\]]", "]", true},
    {"[\\-a]", "-", true},
    {"[a\\", "\\", true},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"\\", "\\", true},
    {"\\\\", "\\", true},
    {"a\\", "a\\", true},
    {"]", "]", true},
    {"a\0b"sv, "a\0b"sv, true},
    {"a\0b"sv, "a\0c"sv, false},
    {"[\x80-\xff]", "\xc3", true},
};

TEST_CASE("globs fit what Redis lets them fit, odd patterns included") {
  for (const Row& row : kRows) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    CHECK(glob_matches(row.pattern, row.text) == row.fits);
  }
}

/// The plainest form of the same language, for patterns whose classes are whole.
bool model(BytesView p, BytesView t) {
  if (p.empty()) return t.empty();
  if (p[0] == '*') return model(p.substr(1), t) || (!t.empty() && model(p, t.substr(1)));
  if (t.empty()) return false;
  if (p[0] == '?') return model(p.substr(1), t.substr(1));
  if (p[0] == '\\' && p.size() > 1) return p[1] == t[0] && model(p.substr(2), t.substr(1));
  if (p[0] != '[') return p[0] == t[0] && model(p.substr(1), t.substr(1));
  const std::size_t end = p.find(']');
  BytesView members = p.substr(1, end - 1);
  const bool negated = members.starts_with('^');
  if (negated) members.remove_prefix(1);
  const bool in = members.size() == 3 && members[1] == '-' ? t[0] >= members[0] && t[0] <= members[2]
                                                           : members.find(t[0]) != BytesView::npos;
  return in != negated && model(p.substr(end + 1), t.substr(1));
}

TEST_CASE("any pattern of whole elements fits what the plain recursive reading of it fits") {
  const auto element =
      rc::gen::elementOf(std::vector<Bytes>{"a", "b", "c", "*", "*", "?", "[ab]", "[^ab]", "[a-c]", "\\*", "\\a"});
  const auto texts = rc::gen::container<Bytes>(rc::gen::elementOf(Bytes("abc*")));
  CHECK(rc::check([&] {
    Bytes pattern;
    for (const Bytes& piece : *rc::gen::container<std::vector<Bytes>>(element)) pattern += piece;
    const Bytes text = *rc::gen::resize(12, texts);
    RC_PRE(!text.empty());
    RC_ASSERT(glob_matches(pattern, text) == model(pattern, text));
  }));
}

TEST_CASE("a pattern made to explode is answered at once") {
  Bytes pattern, text(20'000, 'a');
  for (int i = 0; i < 300; ++i) pattern += "a*";
  CHECK_FALSE(glob_matches(pattern + "b", text));
}

TEST_CASE("a pattern of more than a thousand stars fits nothing, as in the server that the clients think they ask") {
  const Bytes text(3'000, 'a');
  const auto repeated = [](BytesView piece, int times) {
    Bytes whole;
    for (int i = 0; i < times; ++i) whole += piece;
    return whole;
  };
  CHECK(glob_matches(repeated("*a", 1'000), text));
  CHECK_FALSE(glob_matches(repeated("*a", 1'001), text));
  CHECK(glob_matches(repeated("a*", 1'001), text));  // the last one ends the search, it does not nest
  CHECK_FALSE(glob_matches(repeated("a*", 1'002), text));
  CHECK(glob_matches(repeated("**a", 1'000), text));
  CHECK(glob_matches(repeated("\\*", 1'500), repeated("*", 1'500)));
}

TEST_CASE("the literal beginning of a pattern is what all its texts begin with") {
  CHECK(glob_prefix("user:*").literal == "user:");
  CHECK(glob_prefix("user:*").rest == "*");
  CHECK(glob_prefix("a\\*b[c]").literal == "a*b");
  CHECK(glob_prefix("a\\*b[c]").rest == "[c]");
  CHECK(glob_prefix("a\\").literal == "a\\");
  CHECK(glob_prefix("").rest.empty());
}

TEST_CASE("an escaped text fits itself") {
  CHECK(rc::check([](const Bytes& text) { RC_ASSERT(glob_matches(glob_escaped(text), text)); }));
  CHECK(glob_escaped("a*[b]\\?") == "a\\*\\[b]\\\\\\?");
}

}  // namespace
}  // namespace keyshift::proxy
