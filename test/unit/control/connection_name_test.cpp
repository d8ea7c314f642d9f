#include "control/connection_name.hpp"

#include <doctest/doctest.h>

using namespace keyshift::control;

TEST_CASE("names of connections say what they may carry") {
  const ChangeId id{12, 0x1a};
  CHECK(text(ConnectionName{"pod-1", Carries::records, id}) == "keyshift:pod-1:12.000000000000001a");
  CHECK(text(ConnectionName{"pod-1", Carries::free, id}) == "keyshift:pod-1:free=12.000000000000001a");
  CHECK(text(ConnectionName{"pod-1", Carries::none, {}}) == "keyshift:pod-1:none");
  CHECK(text(ConnectionName{"pod-1", Carries::control, {}}) == "keyshift:pod-1:ctl");
  for (const auto carries : {Carries::records, Carries::free, Carries::none, Carries::control}) {
    ConnectionName name{"a:b", carries, {}};
    if (carries == Carries::records || carries == Carries::free) name.id = id;
    CHECK(connection_name_of(text(name)) == name);
  }
}

TEST_CASE("what only looks like a name of ours is none") {
  for (const char* name :
       {"", "app", "keyshift", "keyshift:", "keyshift::none", "keyshift:p:", "keyshift:p:7", "keyshift:p:7.1",
        "keyshift:p:free=", "keyshift:p:7.00000000000000zz", "keyshift:p:nones", "keyshift:p:-7.0000000000000001"})
    CHECK_MESSAGE(!connection_name_of(name), name);
}

TEST_CASE("the look of a flip compares epoch and word, and the scope of free connections") {
  Change hold;
  hold.id = {9, 5};
  hold.hold = true;
  hold.scope = {4, 2};
  const auto seen = [&hold](Carries carries, ChangeId id) { return standing(text({"p", carries, id}), hold); };
  CHECK(seen(Carries::records, {9, 5}) == Standing::in_step);
  CHECK(seen(Carries::records, {9, 6}) == Standing::late);  // the other half of a split store
  CHECK(seen(Carries::records, {8, 5}) == Standing::late);
  CHECK(seen(Carries::records, {10, 5}) == Standing::late);
  CHECK(seen(Carries::free, {4, 2}) == Standing::in_step);
  CHECK(seen(Carries::free, {3, 2}) == Standing::late);
  CHECK(seen(Carries::free, {5, 2}) == Standing::late);
  CHECK(seen(Carries::free, {0, 0}) == Standing::late);
  CHECK(seen(Carries::none, {}) == Standing::in_step);
  CHECK(seen(Carries::control, {}) == Standing::in_step);
  CHECK(standing("app", hold) == Standing::foreign);
  CHECK(standing("keyshift:p:0.0", hold) == Standing::foreign);
}
