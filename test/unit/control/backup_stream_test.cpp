#include "control/backup_stream.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "control/backup_fault.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

const Bytes kMark(40, 'm');

struct Got {
  Bytes rdb;
  bool whole = false;
  Error error;
};

/// Feeds `answer` in pieces of `piece` bytes.
Got fed(const Bytes& answer, std::size_t piece) {
  BackupStream stream;
  Got out;
  for (std::size_t at = 0; at < answer.size(); at += piece) {
    const auto bytes = stream.feed(BytesView(answer).substr(at, piece));
    if (!bytes) {
      out.error = bytes.error();
      return out;
    }
    out.rdb.append(*bytes);
  }
  out.whole = stream.whole();
  return out;
}

const Bytes kReply = "\n\n+FULLRESYNC 0123456789012345678901234567890123456789 42\r\n\n\n";

}  // namespace

TEST_CASE("an RDB of known length is taken out of the stream, in any pieces") {
  for (std::size_t piece = 1; piece < 80; ++piece) {
    const Got got = fed(kReply + "$8\r\nREDIS001", piece);
    CHECK(got.whole);
    CHECK(got.rdb == "REDIS001");
  }
}

TEST_CASE("an RDB that ends with a mark is taken out of the stream, in any pieces") {
  rc::check([] {
    const auto body = *rc::gen::container<Bytes>(rc::gen::element('m', 'a', '\n'));
    const auto piece = *rc::gen::inRange<std::size_t>(1, 100);
    const Bytes rdb = "REDIS" + body + "x";
    RC_PRE(rdb.find(kMark) == rdb.npos);
    const Got got = fed(kReply + "$EOF:" + kMark + "\r\n" + rdb + kMark, piece);
    RC_ASSERT(got.whole);
    RC_ASSERT(got.rdb == rdb);
  });
}

TEST_CASE("what follows a whole RDB is not part of it") {
  CHECK(fed(kReply + "$2\r\nab*1\r\n$4\r\nPING\r\n", 1000).rdb == "ab");
  CHECK(fed(kReply + "$EOF:" + kMark + "\r\nab" + kMark + "*1\r\n", 1000).rdb == "ab");
}

TEST_CASE("a stream that stops early is not whole") {
  CHECK_FALSE(fed(kReply + "$8\r\nREDIS00", 3).whole);
  CHECK_FALSE(fed(kReply + "$EOF:" + kMark + "\r\nREDIS001" + kMark.substr(1), 3).whole);
}

TEST_CASE("the place in the replication stream is known before the first byte") {
  BackupStream stream;
  REQUIRE(stream.feed(kReply + "$8\r\n").has_value());
  CHECK(stream.replication_id() == "0123456789012345678901234567890123456789");
  CHECK(stream.offset() == 42);
  CHECK(stream.announced() == 8);
}

TEST_CASE("a server that gives no stream is told from one that speaks something else") {
  for (const char* refusal : {"-ERR unknown command 'PSYNC'\r\n", "-NOPERM this user has no permissions\r\n",
                              "-NOMASTERLINK Can't SYNC while not connected with my master\r\n"})
    CHECK(fault_code(fed(refusal, 7).error) == "psync-refused");
  for (const Bytes& other :
       {Bytes("+CONTINUE\r\n"), Bytes("+OK\r\n"), Bytes("HTTP/1.1 400 Bad Request\r\n"), Bytes(5000, 'x'),
        kReply + "$-1\r\n", kReply + "$EOF:short\r\n", kReply + "$12x\r\n", Bytes("+FULLRESYNC a b\r\n")})
    CHECK(fault_code(fed(other, 7).error) == "stream-unreadable");
}
