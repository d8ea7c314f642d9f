#include "resp/request_parser.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <tuple>

#include "resp/encode.hpp"
#include "unit/resp/chunks.hpp"

namespace keyshift::resp {
namespace {

using Step = RequestParser::Step;

Bytes encoded(const std::vector<Bytes>& arguments) {
  const std::vector<BytesView> views(arguments.begin(), arguments.end());
  Bytes out;
  append_command(out, views);
  return out;
}

std::vector<Bytes> copied(std::span<const BytesView> argv) { return {argv.begin(), argv.end()}; }

/// What the parser makes of a whole stream: requests, and the error that ends it.
struct Heard {
  std::vector<std::vector<Bytes>> requests;
  Bytes error;
  std::size_t left = 0;  ///< bytes of a request that is not whole
  bool operator==(const Heard&) const = default;
};

/// Parses `stream` as it would come in `pieces`; every parse sees the bytes at another address.
Heard heard(BytesView stream, const std::vector<std::size_t>& pieces, RequestLimits limits = {}) {
  RequestParser parser(limits);
  Heard out;
  std::size_t begin = 0;
  std::size_t end = 0;
  for (const std::size_t piece : pieces) {
    end += piece;
    while (begin < end && out.error.empty()) {
      const Bytes unread(stream.substr(begin, end - begin));
      const Step step = parser.parse(unread);
      if (step == Step::more) break;
      if (step == Step::request) out.requests.push_back(copied(parser.argv()));
      if (step == Step::error) out.error = parser.error();
      if (step == Step::request || step == Step::empty) begin += parser.consumed();
    }
  }
  out.left = end - begin;
  return out;
}

Heard heard(BytesView stream, RequestLimits limits = {}) { return heard(stream, {stream.size()}, limits); }

struct Row {
  int line;
  bool locked;
  Bytes request;
  Bytes reply;
};

template <std::size_t N>
Bytes literal(const char (&text)[N]) {
  return {text, N - 1};
}

std::vector<Row> listed_rows() {
  std::vector<Row> rows;
#define ROW(head, times, fill, tail, reply) \
  rows.push_back({__LINE__, false, literal(head) + Bytes(times, fill) + literal(tail), literal(reply)});
#define LOCKED(head, times, fill, tail, reply) \
  rows.push_back({__LINE__, true, literal(head) + Bytes(times, fill) + literal(tail), literal(reply)});
#include "unit/resp/malformed_requests.inc"
#undef ROW
#undef LOCKED
  return rows;
}

/// The reply that a server with this parser would give, for the few commands of the list.
Bytes reply_to(const Heard& heard) {
  if (!heard.error.empty()) return heard.error;
  if (heard.requests.empty()) return "";
  const std::vector<Bytes>& request = heard.requests.front();
  if (request[0] == "PING") return "+PONG\r\n";
  if (request[0] != "ECHO") return "-ERR unknown command '" + request[0] + "', with args beginning with: \r\n";
  if (request.size() != 2) return "-ERR wrong number of arguments for 'echo' command\r\n";
  Bytes out;
  append_bulk(out, request[1]);
  return out;
}

TEST_CASE("the parser answers every listed request as redis-server does, whole or byte by byte") {
  const std::vector<Row> rows = listed_rows();
  CHECK(rows.size() > 70);
  for (const Row& row : rows) {
    RequestLimits limits;
    limits.unauthenticated = row.locked;
    limits.stream_above = static_cast<std::size_t>(limits.bulk_bytes);
    CAPTURE(row.line);
    CHECK(reply_to(heard(row.request, limits)) == row.reply);
    if (row.request.size() < 1000) {
      const std::vector<std::size_t> bytes(row.request.size(), 1);
      CHECK(reply_to(heard(row.request, bytes, limits)) == row.reply);
    }
  }
}

TEST_CASE("requests in any chunking are what they are in one piece") {
  CHECK(rc::check([](const std::vector<std::vector<Bytes>>& commands) {
    Bytes stream;
    std::size_t whole = 0;
    for (const auto& command : commands) {
      stream += encoded(command);
      if (!command.empty()) ++whole;
    }
    const Heard heard_chunked = heard(stream, *test::pieces_of(stream.size()));
    RC_ASSERT(heard_chunked == heard(stream));
    RC_ASSERT(heard_chunked.requests.size() == whole);
  }));
}

TEST_CASE("damaged requests are read the same in any chunking") {
  CHECK(rc::check([](const std::vector<std::vector<Bytes>>& commands) {
    Bytes stream;
    for (const auto& command : commands) stream += encoded(command);
    test::damage(stream, BytesView("*$0123-\r\n\"'\\x \0", 15));
    RC_ASSERT(heard(stream, *test::pieces_of(stream.size())) == heard(stream));
  }));
}

TEST_CASE("inline requests of any bytes are read the same in any chunking") {
  const auto letter = rc::gen::elementOf(Bytes("\"\"''\\x4 aA\t\v\n\n\r\0*$", 18));
  CHECK(rc::check([&] {
    const auto stream = *rc::gen::container<Bytes>(letter);
    RC_ASSERT(heard(stream, *test::pieces_of(stream.size())) == heard(stream));
  }));
}

TEST_CASE("what is encoded is parsed back") {
  CHECK(rc::check([](const std::vector<Bytes>& arguments) {
    RC_PRE(!arguments.empty());
    const Bytes stream = encoded(arguments);
    RequestParser parser;
    RC_ASSERT(parser.parse(stream) == Step::request);
    RC_ASSERT(copied(parser.argv()) == arguments);
    RC_ASSERT(parser.consumed() == stream.size());
    RC_ASSERT(parser.multibulk());
  }));
}

TEST_CASE("pipelined requests are read one after another and leave the rest alone") {
  const Bytes stream = "*1\r\n$4\r\nPING\r\n\r\nGET a\r\n*2\r\n$3\r\nGET\r\n$1";
  const Heard result = heard(stream);
  CHECK(result.requests == std::vector<std::vector<Bytes>>{{"PING"}, {"GET", "a"}});
  CHECK(result.left == 15);
}

TEST_CASE("an inline request says that it is one") {
  RequestParser parser;
  CHECK(parser.parse("PING\r\n") == Step::request);
  CHECK_FALSE(parser.multibulk());
}

TEST_CASE("arguments of an earlier call are found again when the buffer has moved") {
  RequestParser parser;
  const Bytes stream = encoded({"SET", "key", "value"});
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const Bytes moved = stream.substr(0, size);
    REQUIRE(parser.parse(moved) == Step::more);
  }
  REQUIRE(parser.parse(stream) == Step::request);
  CHECK(parser.argv()[2].data() == stream.data() + stream.size() - 7);
}

TEST_CASE("a missing body says how many bytes are wanted") {
  RequestParser parser;
  CHECK(parser.parse("*1\r\n$10\r\nabc") == Step::more);
  CHECK(parser.wanted() == 9);
  CHECK(parser.parse("*1\r\n$10\r\nabcdefghij\r\n*") == Step::request);
  CHECK(parser.wanted() == 0);
}

const Bytes big_set = "*5\r\n$3\r\nSET\r\n$3\r\nkey\r\n$100\r\n" + Bytes(100, 'v') + "\r\n$2\r\nEX\r\n$1\r\n9\r\n";

TEST_CASE("a big argument is announced as soon as its length is known") {
  RequestParser parser({.stream_above = 99});
  const std::size_t body = big_set.find('v');
  CHECK(parser.parse(BytesView(big_set).substr(0, body - 1)) == Step::more);
  REQUIRE(parser.parse(BytesView(big_set).substr(0, body)) == Step::big);
  CHECK(copied(parser.argv()) == std::vector<Bytes>{"SET", "key"});
  CHECK(parser.big().arguments == 5);
  CHECK(parser.big().index == 2);
  CHECK(parser.big().body_bytes == 100);
  CHECK(parser.big().body_offset == body);
}

TEST_CASE("a big argument that is whole in the buffer is not announced") {
  RequestParser parser({.stream_above = 99});
  CHECK(parser.parse(big_set) == Step::request);
}

TEST_CASE("an argument of the size where streaming begins is not announced") {
  RequestParser parser({.stream_above = 100});
  CHECK(parser.parse(BytesView(big_set).substr(0, 60)) == Step::more);
}

TEST_CASE("a big argument that the caller buffers is announced once and then waited for") {
  RequestParser parser({.stream_above = 10});
  REQUIRE(parser.parse(BytesView(big_set).substr(0, 40)) == Step::big);
  parser.buffer_big();
  CHECK(parser.parse(BytesView(big_set).substr(0, 60)) == Step::more);
  REQUIRE(parser.parse(big_set) == Step::request);
  CHECK(copied(parser.argv()) == std::vector<Bytes>{"SET", "key", Bytes(100, 'v'), "EX", "9"});
  CHECK(parser.consumed() == big_set.size());
  CHECK(parser.parse(BytesView(big_set).substr(0, 40)) == Step::big);
}

TEST_CASE("behind a streamed body the other arguments follow") {
  RequestParser parser({.stream_above = 10});
  REQUIRE(parser.parse(BytesView(big_set).substr(0, 40)) == Step::big);
  parser.streamed();
  const BytesView rest = BytesView(big_set).substr(parser.big().body_offset + parser.big().body_bytes + 2);
  CHECK(parser.parse("") == Step::more);
  CHECK(parser.parse(rest.substr(0, 9)) == Step::more);
  REQUIRE(parser.parse(rest) == Step::request);
  CHECK(copied(parser.argv()) == std::vector<Bytes>{"EX", "9"});
  CHECK(parser.consumed() == rest.size());
  CHECK(parser.idle());
}

TEST_CASE("two big arguments are both announced to a caller who streams") {
  const Bytes stream = "*3\r\n$3\r\nSET\r\n$20\r\n" + Bytes(20, 'k') + "\r\n$30\r\n" + Bytes(30, 'v') + "\r\n";
  RequestParser parser({.stream_above = 10});
  REQUIRE(parser.parse(BytesView(stream).substr(0, 20)) == Step::big);
  CHECK(parser.big().index == 1);
  parser.streamed();
  REQUIRE(parser.parse("$30\r\n") == Step::big);
  CHECK(parser.big().index == 2);
  CHECK(parser.big().body_bytes == 30);
  CHECK(parser.big().body_offset == 5);
  CHECK(parser.argv().empty());
  parser.streamed();
  CHECK(parser.parse("") == Step::request);
  CHECK(parser.consumed() == 0);
}

TEST_CASE("a protocol error stays until the parser is reset") {
  RequestParser parser;
  REQUIRE(parser.parse("*x\r\n") == Step::error);
  const Bytes first(parser.error());
  CHECK(parser.parse("PING\r\n") == Step::error);
  CHECK(parser.error() == first);
  parser.reset();
  CHECK(parser.parse("PING\r\n") == Step::request);
}

TEST_CASE("a parser that is reset forgets a half-read request") {
  RequestParser parser;
  REQUIRE(parser.parse("*2\r\n$3\r\nGET\r\n$1") == Step::more);
  parser.reset();
  CHECK(parser.idle());
  REQUIRE(parser.parse("*1\r\n$4\r\nPING\r\n") == Step::request);
  CHECK(copied(parser.argv()) == std::vector<Bytes>{"PING"});
}

TEST_CASE("the limits are those that the server has been given") {
  RequestParser parser({.arguments = 3, .bulk_bytes = 5});
  CHECK(parser.parse("*3\r\n$5\r\n") == Step::more);
  CHECK(parser.parse("*3\r\n$5\r\nabcde\r\n$6\r\n") == Step::error);
  CHECK(parser.error() == "-ERR Protocol error: invalid bulk length\r\n");
  parser.reset();
  CHECK(parser.parse("*4\r\n") == Step::error);
  CHECK(parser.error() == "-ERR Protocol error: invalid multibulk length\r\n");
}

TEST_CASE("a request of a hundred thousand arguments in small pieces costs no more than its bytes") {
  const Bytes stream = encoded(std::vector<Bytes>(100'000, "x"));
  RequestParser parser;
  std::size_t end = 0;
  while (end + 100 < stream.size()) {
    end += 100;
    REQUIRE(parser.parse(BytesView(stream).substr(0, end)) == Step::more);
  }
  REQUIRE(parser.parse(stream) == Step::request);
  CHECK(parser.argv().size() == 100'000);
  CHECK(parser.argv().back() == "x");
}

}  // namespace
}  // namespace keyshift::resp
