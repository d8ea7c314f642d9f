#include "proxy/engine/out_queue.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace keyshift::proxy {
namespace {

Bytes all(const OutQueue& queue) {
  OutQueue::Piece pieces[1000];
  Bytes out;
  const std::size_t count = queue.gather(pieces, 1000);
  for (std::size_t i = 0; i < count; ++i) out.append(pieces[i].data, pieces[i].size);
  return out;
}

TEST_CASE("what is borrowed goes out in its place among what is copied, and outlives its owner once it is owned") {
  OutQueue queue;
  Bytes lent = "world";
  queue.copy("hello ");
  queue.borrow(lent);
  queue.own();
  lent.assign("XXXXX");
  queue.copy("!");
  CHECK(all(queue) == "hello world!");
}

TEST_CASE("what is copied behind a borrowed piece leaves the piece where it lies") {
  OutQueue queue;
  const Bytes lent(5000, 'x');
  queue.copy("head");
  queue.borrow(lent);
  queue.copy("next");
  queue.tail().append(" one");
  queue.grew(4);
  OutQueue::Piece pieces[4];
  REQUIRE(queue.gather(pieces, 4) == 3);
  CHECK(pieces[1].data == lent.data());
  CHECK(BytesView(pieces[2].data, pieces[2].size) == "next one");
}

TEST_CASE("gathering fewer pieces than there are gives the first ones") {
  OutQueue queue;
  queue.copy("a");
  queue.borrow("b");
  queue.borrow("c");
  OutQueue::Piece pieces[2];
  REQUIRE(queue.gather(pieces, 2) == 2);
  CHECK(BytesView(pieces[0].data, pieces[0].size) == "a");
  CHECK(BytesView(pieces[1].data, pieces[1].size) == "b");
}

TEST_CASE("bytes leave a queue in the order in which they came, however they came and were written") {
  CHECK(rc::check([](const std::vector<std::pair<std::uint8_t, std::string>>& steps) {
    OutQueue queue;
    Bytes model;
    std::vector<Bytes> lent;
    lent.reserve(steps.size());
    for (const auto& [what, text] : steps) {
      if (what % 4 == 0) queue.copy(text), model += text;
      if (what % 4 == 1) queue.borrow(lent.emplace_back(text)), model += text;
      if (what % 4 == 2) queue.own();
      if (what % 4 == 3) {
        const std::size_t some = std::min(model.size(), std::size_t{what / 16u});
        queue.sent(some);
        model.erase(0, some);
      }
      RC_ASSERT(queue.size() == model.size());
      RC_ASSERT(queue.empty() == model.empty());
      RC_ASSERT(all(queue) == model);
    }
  }));
}

}  // namespace
}  // namespace keyshift::proxy
