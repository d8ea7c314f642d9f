#include "proxy/net/poller.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace keyshift::proxy {
namespace {

/// Two ends of a connection inside this process.
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
  ~Pair() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  std::array<int, 2> ends{};
};

TEST_CASE("what is not read is told again: nothing has to be armed twice") {
  Pair pair;
  Poller poller;
  int mark = 0;
  REQUIRE(poller.add(pair.ends[0], Poller::kRead, &mark));
  CHECK(poller.wait(0).empty());
  REQUIRE(::write(pair.ends[1], "ab", 2) == 2);
  for (int turn = 0; turn < 2; ++turn) {
    const auto events = poller.wait(0);
    REQUIRE(events.size() == 1);
    CHECK(events[0].data.ptr == &mark);
    CHECK((events[0].events & EPOLLIN) != 0);
    char byte = 0;
    CHECK(::read(pair.ends[0], &byte, 1) == 1);
  }
  CHECK(poller.wait(0).empty());
}

TEST_CASE("a socket that is waited for in no way still tells that its peer is gone") {
  Pair pair;
  Poller poller;
  int mark = 0;
  REQUIRE(poller.add(pair.ends[0], Poller::kRead, &mark));
  poller.change(pair.ends[0], 0, &mark);
  REQUIRE(::write(pair.ends[1], "a", 1) == 1);
  CHECK(poller.wait(0).empty());
  ::close(std::exchange(pair.ends[1], -1));
  const auto events = poller.wait(0);
  REQUIRE(events.size() == 1);
  CHECK((events[0].events & EPOLLHUP) != 0);
}

TEST_CASE("room to write is told only when it is asked for, and nothing after a socket was taken out") {
  Pair pair;
  Poller poller;
  int mark = 0;
  REQUIRE(poller.add(pair.ends[0], Poller::kRead, &mark));
  CHECK(poller.wait(0).empty());
  poller.change(pair.ends[0], Poller::kRead | Poller::kWrite, &mark);
  CHECK(poller.wait(0).size() == 1);
  poller.remove(pair.ends[0]);
  CHECK(poller.wait(0).empty());
}

TEST_CASE("a descriptor that is none cannot be added") {
  Poller poller;
  CHECK_FALSE(poller.add(-1, Poller::kRead, nullptr));
}

}  // namespace
}  // namespace keyshift::proxy
