#include "resp/reply_framer.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <limits>
#include <string>
#include <vector>

#include "resp/encode.hpp"
#include "unit/resp/chunks.hpp"
#include "unit/resp/hiredis_verdict.hpp"
#include "unit/resp/reply_gen.hpp"

namespace keyshift::resp {
namespace {

using Step = ReplyFramer::Step;
using Hiredis = test::HiredisVerdict::Step;

struct Ends {
  std::vector<std::size_t> at;  ///< where each reply ends
  bool bad = false;
  bool operator==(const Ends&) const = default;
};

Ends framed(BytesView stream, const std::vector<std::size_t>& pieces) {
  ReplyFramer framer;
  Ends ends;
  std::size_t at = 0;
  for (const std::size_t piece : pieces) {
    BytesView chunk = stream.substr(at, piece);
    while (!chunk.empty()) {
      const auto [step, taken] = framer.feed(chunk);
      if (step == Step::bad) {
        ends.bad = true;
        return ends;
      }
      at += taken;
      chunk.remove_prefix(taken);
      if (step == Step::whole) ends.at.push_back(at);
    }
  }
  return ends;
}

Ends framed(BytesView stream) { return framed(stream, {stream.size()}); }

ReplyFramer::Fed fed(BytesView bytes) { return ReplyFramer().feed(bytes); }

TEST_CASE("each kind of reply ends where it ends") {
  for (const Bytes bytes : {"+OK\r\n",
                            "+\r\n",
                            "-ERR no\r\n",
                            ":0\r\n",
                            ":-12\r\n",
                            "$3\r\nfoo\r\n",
                            "$0\r\n\r\n",
                            "$-1\r\n",
                            "*-1\r\n",
                            "*0\r\n",
                            "_\r\n",
                            "#t\r\n",
                            "#f\r\n",
                            ",1.5\r\n",
                            ",inf\r\n",
                            "(123\r\n",
                            "(no  number\r\n",
                            "(\r\n",
                            "=7\r\ntxt:foo\r\n",
                            "!5\r\nERR x\r\n",
                            "*2\r\n:1\r\n*1\r\n$-1\r\n",
                            "%0\r\n",
                            "%1\r\n+a\r\n~2\r\n:1\r\n_\r\n",
                            ">2\r\n+a\r\n*1\r\n$1\r\nk\r\n"}) {
    CAPTURE(bytes);
    const Ends whole{{bytes.size(), 2 * bytes.size()}, false};
    CHECK(framed(bytes + bytes) == whole);
    CHECK(framed(bytes + bytes, std::vector<std::size_t>(2 * bytes.size(), 1)) == whole);
  }
}

TEST_CASE("bytes that are not RESP are refused, whole or byte by byte") {
  using namespace std::string_literals;
  for (const Bytes& bytes : {"H"s,
                             "\r\n"s,
                             "+a\rb\r\n"s,
                             "+a\nb\r\n"s,
                             ":\r\n"s,
                             ":-\r\n"s,
                             ":1x\r\n"s,
                             ":+1\r\n"s,
                             "$\r\n"s,
                             "$-2\r\n"s,
                             "$-0\r\n"s,
                             "$-01\r\n"s,
                             "$01\r\n"s,
                             "$-\r\n"s,
                             "$?\r\n"s,
                             "*?\r\n"s,
                             ";4\r\nabcd\r\n"s,
                             ".\r\n"s,
                             "$1x\r\n"s,
                             "$1\rx"s,
                             "$3\r\nfoobar"s,
                             "$3\r\nfoo\rx"s,
                             "$1000000000000000000\r\n"s,
                             "*4294967296\r\n"s,
                             "*-2\r\n"s,
                             "%-1\r\n"s,
                             "~-1\r\n"s,
                             "_x\r\n"s,
                             "#\r\n"s,
                             "#x\r\n"s,
                             "#tt\r\n"s,
                             "#-\r\n"s,
                             ",\r\n"s,
                             ",one\r\n"s,
                             ",-\r\n"s,
                             "(1\n2\r\n"s,
                             "=3\r\ntxt\r\n"s,
                             "=7\r\ntxt.foo\r\n"s,
                             "=-1\r\n"s,
                             "!-1\r\n"s,
                             "*1\r\n\0"s}) {
    CAPTURE(printable(bytes));
    CHECK(framed(bytes).bad);
    CHECK(framed(bytes, std::vector<std::size_t>(bytes.size(), 1)).bad);
  }
}

TEST_CASE("a framer that met bad bytes stays so until it is reset") {
  ReplyFramer framer;
  CHECK(framer.feed("x").step == Step::bad);
  CHECK(framer.feed("+OK\r\n").step == Step::bad);
  framer.reset();
  CHECK(framer.feed("+OK\r\n").step == Step::whole);
}

TEST_CASE("generated replies in any chunking end where they end in one piece") {
  CHECK(rc::check([] {
    Bytes stream;
    Ends expected;
    for (const Reply& reply : *rc::gen::container<std::vector<Reply>>(test::reply(test::Kinds::all))) {
      append_reply(stream, reply);
      expected.at.push_back(stream.size());
    }
    RC_ASSERT(framed(stream) == expected);
    RC_ASSERT(framed(stream, *test::pieces_of(stream.size())) == expected);
  }));
}

TEST_CASE("of a generated reply the framer takes exactly what hiredis takes") {
  CHECK(rc::check([] {
    Bytes bytes;
    append_reply(bytes, *test::reply(test::Kinds::hiredis));
    const std::size_t whole = bytes.size();
    bytes += *rc::gen::arbitrary<Bytes>();
    const auto [step, taken] = fed(bytes);
    RC_ASSERT(step == Step::whole);
    RC_ASSERT(taken == whole);
    RC_ASSERT(test::ask_hiredis(bytes).step == Hiredis::whole);
    RC_ASSERT(test::ask_hiredis(bytes).taken == whole);
  }));
}

TEST_CASE("of damaged replies that both can still read the framer takes what hiredis takes") {
  const Bytes letters = "*$:+-_#,(=~%>0012t.e\r\n";
  int read_by_both = 0;
  CHECK(rc::check([&] {
    Bytes bytes;
    append_reply(bytes, *test::reply(test::Kinds::hiredis));
    test::damage(bytes, letters);
    const auto [step, taken] = fed(bytes);
    const test::HiredisVerdict verdict = test::ask_hiredis(bytes);
    if (step == Step::whole && verdict.step == Hiredis::whole) {
      ++read_by_both;
      RC_ASSERT(taken == verdict.taken);
    }
    if (step == Step::whole) RC_ASSERT(verdict.step != Hiredis::more);
    if (step == Step::more) RC_ASSERT(verdict.step != Hiredis::whole);
  }));
  CHECK(read_by_both > 10);
}

TEST_CASE("the type is that of the reply, not of the attribute in front") {
  ReplyFramer framer;
  CHECK(framer.type() == 0);
  CHECK(framer.feed("|1\r\n+k\r\n*1\r\n:1\r\n").step == Step::more);
  CHECK(framer.type() == 0);
  CHECK_FALSE(framer.idle());
  CHECK(framer.feed("%2\r\n").step == Step::more);
  CHECK(framer.type() == '%');
  CHECK(framer.elements() == 4);
  CHECK(framer.feed("+a\r\n+b\r\n|0\r\n+c\r\n").step == Step::more);
  CHECK(framer.feed("+d\r\n").step == Step::whole);
  CHECK(framer.type() == '%');
  CHECK(framer.elements() == 4);
  CHECK(framer.idle());
}

TEST_CASE("an attribute inside an aggregate counts as no element") {
  CHECK(framed("*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n").at == std::vector<std::size_t>{24});
  CHECK(framed("|1\r\n|1\r\n+a\r\n+b\r\n+k\r\n+v\r\n:1\r\n").at == std::vector<std::size_t>{28});
}

TEST_CASE("a push is told from a reply") {
  ReplyFramer framer;
  CHECK(framer.feed(">1\r\n+a\r\n").step == Step::whole);
  CHECK(framer.push());
  CHECK(framer.elements() == 1);
  CHECK(framer.feed(":1\r\n").step == Step::whole);
  CHECK_FALSE(framer.push());
  CHECK(framer.elements() == -1);
}

TEST_CASE("a push inside a reply is one of its elements, as redis-server answers an UNSUBSCRIBE in a transaction") {
  const BytesView exec = "*2\r\n>3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n+PONG\r\n";
  ReplyFramer framer;
  const auto fed = framer.feed(exec);
  CHECK(fed.step == Step::whole);
  CHECK(fed.taken == exec.size());
  CHECK_FALSE(framer.push());
}

TEST_CASE("a null array has no elements") {
  ReplyFramer framer;
  CHECK(framer.feed("*-1\r\n").step == Step::whole);
  CHECK(framer.elements() == -1);
  CHECK(framer.feed("*0\r\n").step == Step::whole);
  CHECK(framer.elements() == 0);
}

TEST_CASE("a body that is on its way says how much is to come") {
  ReplyFramer framer;
  CHECK(framer.feed("$10\r\nabc").step == Step::more);
  CHECK(framer.body_left() == 9);
  CHECK(framer.feed("defghij").step == Step::more);
  CHECK(framer.body_left() == 2);
  CHECK(framer.feed("\r").step == Step::more);
  CHECK(framer.feed("\n").step == Step::whole);
  CHECK(framer.body_left() == 0);
}

TEST_CASE("a bulk longer than 32 bits is followed to its end") {
  ReplyFramer framer;
  CHECK(framer.feed("$6000000000\r\n").step == Step::more);
  CHECK(framer.body_left() == 6'000'000'002);
  const Bytes piece(10'000'000, 'x');
  for (int i = 0; i < 600; ++i) REQUIRE(framer.feed(piece).step == Step::more);
  CHECK(framer.feed("\r\n").step == Step::whole);
}

TEST_CASE("aggregates are followed to the depth stated and no further") {
  Bytes nested;
  for (int i = 0; i < ReplyFramer::max_depth; ++i) nested += "*1\r\n";
  CHECK(fed(nested + ":1\r\n").step == Step::whole);
  CHECK(fed(nested + "*1\r\n:1\r\n").step == Step::bad);
}

TEST_CASE("no bytes change nothing") {
  ReplyFramer framer;
  CHECK(framer.feed("").step == Step::more);
  CHECK(framer.idle());
}

}  // namespace
}  // namespace keyshift::resp
