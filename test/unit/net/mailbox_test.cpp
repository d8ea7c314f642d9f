#include "proxy/net/mailbox.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <thread>

#include "proxy/net/poller.hpp"

namespace keyshift::proxy {
namespace {

TEST_CASE("letters of other threads are carried out in order, by the thread that opens the box") {
  Mailbox box;
  Poller poller;
  int mark = 0;
  REQUIRE(poller.add(box.descriptor(), Poller::kRead, &mark));
  CHECK(poller.wait(0).empty());
  std::vector<int> order;
  const auto here = std::this_thread::get_id();
  std::thread sender([&] {
    for (int i = 0; i < 3; ++i)
      box.post([&order, i, here] {
        CHECK(std::this_thread::get_id() == here);
        order.push_back(i);
      });
  });
  sender.join();
  const auto events = poller.wait(1000);
  REQUIRE(events.size() == 1);
  CHECK(events[0].data.ptr == &mark);
  box.open();
  CHECK(order == std::vector<int>{0, 1, 2});
  CHECK(poller.wait(0).empty());
}

TEST_CASE("a letter may post the next one, which is carried out when the box is opened again") {
  Mailbox box;
  int opened = 0;
  box.post([&] {
    ++opened;
    box.post([&] { ++opened; });
  });
  box.open();
  CHECK(opened == 1);
  box.open();
  CHECK(opened == 2);
}

TEST_CASE("a box that outlives its owner keeps letters that nobody reads") {
  auto box = std::make_shared<Mailbox>();
  std::thread late([box] { box->post([] { FAIL("nobody opens this"); }); });
  box.reset();
  late.join();
}

}  // namespace
}  // namespace keyshift::proxy
