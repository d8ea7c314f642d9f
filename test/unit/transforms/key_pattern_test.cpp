#include "transforms/key_pattern.hpp"

#include <doctest/doctest.h>

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

std::string refusal(const char* text) {
  const auto pattern = KeyPattern::parse(text);
  return pattern ? "accepted" : pattern.error().what;
}

}  // namespace

TEST_CASE("a pattern is literal text and captures") {
  const auto pattern = KeyPattern::parse("{user:<id:int>}:<<x><rest:/[a-z\\/]+/>");
  REQUIRE(pattern.has_value());
  const auto& pieces = pattern->pieces();
  REQUIRE(pieces.size() == 4);
  CHECK(pieces[0].literal == "{user:");
  CHECK(pieces[1].name == "id");
  CHECK(pieces[1].kind == CaptureClass::integer);
  CHECK(pieces[2].literal == "}:<x>");
  CHECK(pieces[3].kind == CaptureClass::regex);
  CHECK(pieces[3].regex == "[a-z\\/]+");
  CHECK(pattern->literal_after(1) == "}:<x>");
  CHECK(pattern->literal_after(3).empty());
  CHECK(pattern->capture("rest") == &pieces[3]);
  CHECK(pattern->capture("none") == nullptr);
}

TEST_CASE("a pattern that is none is refused at the byte where it goes wrong") {
  CHECK(refusal("") == "the pattern is empty");
  CHECK(refusal("a<").starts_with("at byte 2: '<' begins a capture"));
  CHECK(refusal("a<9>").starts_with("at byte 2: '<' begins a capture"));
  CHECK(refusal("a<id") == "at byte 2: the capture <id has no '>'");
  CHECK(refusal("a<id:int") == "at byte 2: the capture <id has no '>'");
  CHECK(refusal("a<id:itn>") ==
        "at byte 6: 'itn' is no class; there are int, hex, uuid, word, any, /regular expression/");
  CHECK(refusal("<a>:<a>") == "at byte 5: the capture <a> stands here twice; each has its place once");
  CHECK(refusal("<a:/x") == "at byte 4: this regular expression has no closing '/' (a '/' inside is written \\/)");
  CHECK(refusal("<a:/[x/>") == "at byte 5: this [ has no ]");
  CHECK(refusal("<a:/x\\") == "at byte 4: this regular expression has no closing '/' (a '/' inside is written \\/)");
  CHECK(refusal("<a><b>").starts_with("<a> has no class and ends nowhere: <b> follows at once"));
  CHECK(refusal(std::string(1025, 'x').c_str()) == "the pattern is longer than 1024 bytes");
  std::string many;
  for (int i = 0; i < 17; ++i) many += "<c" + std::to_string(i) + ">:";
  CHECK(refusal(many.c_str()).ends_with("a pattern has 16 captures at most"));
}

TEST_CASE("the covering glob shows literals as they are and captures as stars") {
  CHECK(KeyPattern::parse("user:<id:int>")->covering_glob() == "user:*");
  CHECK(KeyPattern::parse("a*[<id>]?\\<x>")->covering_glob() == "a\\*\\[*\\]\\?\\\\*");
  CHECK(KeyPattern::parse("<a:uuid><b:int>")->covering_glob() == "*");
  CHECK(KeyPattern::parse("*<b:int>")->covering_glob() == "\\**");
}
