#include "resp/reply.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "unit/resp/reply_gen.hpp"

namespace keyshift::resp {
namespace {

Bytes written(const Reply& reply) {
  Bytes out;
  append_reply(out, reply);
  return out;
}

TEST_CASE("a reply that is read and written again has the same bytes") {
  for (const Bytes bytes : {"+OK\r\n",
                            "-ERR no\r\n",
                            ":-12\r\n",
                            "$3\r\nfoo\r\n",
                            "$0\r\n\r\n",
                            "$-1\r\n",
                            "*-1\r\n",
                            "_\r\n",
                            "*0\r\n",
                            "#t\r\n",
                            "#f\r\n",
                            ",1.50\r\n",
                            ",-inf\r\n",
                            "(-12345678901234567890123\r\n",
                            "=7\r\ntxt:foo\r\n",
                            "=4\r\nmkd:\r\n",
                            "!5\r\nERR x\r\n",
                            "*2\r\n:1\r\n*1\r\n$-1\r\n",
                            "%1\r\n+a\r\n~2\r\n:1\r\n_\r\n",
                            ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n",
                            "|1\r\n+k\r\n+v\r\n*2\r\n:1\r\n|1\r\n+a\r\n!1\r\nx\r\n:2\r\n",
                            "|0\r\n+OK\r\n",
                            "$1\r\n!\r\n",
                            "*2\r\n$1\r\n|\r\n!1\r\n|\r\n"}) {
    CAPTURE(bytes);
    const Result<Reply> reply = parse_reply(bytes);
    REQUIRE(reply.has_value());
    CHECK(written(*reply) == bytes);
  }
}

TEST_CASE("a generated reply survives writing and reading") {
  CHECK(rc::check([] {
    const Reply reply = *test::reply(test::Kinds::all);
    const Result<Reply> again = parse_reply(written(reply));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == reply);
  }));
}

TEST_CASE("a verbatim string is its text and its format") {
  const Result<Reply> reply = parse_reply("=8\r\nmkd:# a!\r\n");
  REQUIRE(reply.has_value());
  CHECK(reply->text == "# a!");
  CHECK(BytesView(reply->format) == "mkd");
}

TEST_CASE("an attribute holds its pairs and then the reply that it belongs to") {
  const Result<Reply> reply = parse_reply("|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n");
  REQUIRE(reply.has_value());
  CHECK(reply->type == '|');
  CHECK(reply->elements == std::vector<Reply>{status("ttl"), integer(3), bulk("v")});
}

TEST_CASE("a null is null in each of its forms") {
  for (const Bytes bytes : {"$-1\r\n", "*-1\r\n", "_\r\n"}) {
    const Result<Reply> reply = parse_reply(bytes);
    REQUIRE(reply.has_value());
    CHECK(reply->null());
    CHECK(reply->null_form == bytes[0]);
  }
  CHECK(written(null(Protocol::resp2)) == "$-1\r\n");
  CHECK(written(null(Protocol::resp3)) == "_\r\n");
}

TEST_CASE("an error is told by its first word") {
  const Result<Reply> reply = parse_reply("-MOVED 1 a:1\r\n");
  REQUIRE(reply.has_value());
  CHECK(reply->error_is("MOVED"));
  CHECK_FALSE(reply->error_is("MOVE"));
  CHECK_FALSE(reply->error_is("MOVED 1"));
  CHECK_FALSE(status("MOVED").error_is("MOVED"));
  CHECK(parse_reply("-LOADING\r\n")->error_is("LOADING"));
}

TEST_CASE("bytes that are not exactly one reply are refused") {
  for (const Bytes bytes : {"", "+OK", "+OK\r\n+OK\r\n", "*2\r\n:1\r\n", "HTTP/1.1 400\r\n", "*1000000000\r\n",
                            ",1e5e5\r\n", "$5\r\nab\r\n", ":99999999999999999999\r\n", "$?\r\n"}) {
    CAPTURE(bytes);
    const Result<Reply> reply = parse_reply(bytes);
    REQUIRE(reply.has_error());
    CHECK(reply.error().code == ErrorCode::upstream);
  }
}

TEST_CASE("a reply nested too deep is refused, not followed") {
  Bytes bytes;
  for (int i = 0; i < 1'000'000; ++i) bytes += "*1\r\n";
  bytes += ":1\r\n";
  CHECK(parse_reply(bytes).has_error());
  CHECK(parse_reply(BytesView(bytes).substr(bytes.size() - 4 * 32 - 4)).has_value());
}

}  // namespace
}  // namespace keyshift::resp
