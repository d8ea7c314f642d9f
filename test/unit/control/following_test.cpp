#include "control/following.hpp"

#include <doctest/doctest.h>

#include "control/change_rules.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {
const Time start = Time{} + seconds(100);
const Duration limit = seconds(2);
}  // namespace

TEST_CASE("a record that is behind what is acted on went back, also with another word in the same epoch") {
  CHECK_FALSE(Following::went_back({5, 1}, {5, 1}));
  CHECK_FALSE(Following::went_back({6, 2}, {5, 1}));
  CHECK(Following::went_back({4, 9}, {5, 1}));
  CHECK(Following::went_back({5, 2}, {5, 1}));
}

TEST_CASE("a hold that nobody ends is settled once, when its time is over") {
  Following following;
  const Change hold = hold_after(first_change(1), 0, 1, 2);
  const ControlRecord held{hold, hold};
  CHECK_FALSE(following.watch(held, hold.id, limit, start).has_value());
  CHECK(following.restless());
  CHECK_FALSE(following.watch(held, hold.id, limit, start + limit - milliseconds(1)).has_value());
  CHECK(following.watch(held, hold.id, limit, start + limit) == std::optional<std::uint64_t>(0));
  CHECK_FALSE(following.watch(held, hold.id, limit, start + 2 * limit).has_value());
  following.settled();
  CHECK_FALSE(following.watch(held, hold.id, limit, start + 3 * limit).has_value());
  CHECK(following.watch(held, hold.id, limit, start + 4 * limit).has_value());
}

TEST_CASE("each change that is under way has its own time, and peace ends the waiting") {
  Following following;
  const Change first = first_change(1), hold = hold_after(first, 0, 1, 2), serve = serve_next_era(hold, 3);
  CHECK_FALSE(following.watch({first, hold}, first.id, limit, start).has_value());
  CHECK_FALSE(following.watch({hold, serve}, hold.id, limit, start + limit).has_value());
  CHECK_FALSE(following.watch({serve, serve}, serve.id, limit, start + 4 * limit).has_value());
  CHECK_FALSE(following.restless());
}

TEST_CASE("a record that went back is settled above what is acted on") {
  Following following;
  const Change first = first_change(1);
  CHECK_FALSE(following.watch({first, first}, {7, 7}, limit, start).has_value());
  CHECK(following.watch({first, first}, {7, 7}, limit, start + limit) == std::optional<std::uint64_t>(8));
}

TEST_CASE("a key that cannot be helped five times in a row asks for a hold above all, once") {
  Following following;
  for (int i = 0; i < 4; ++i) CHECK_FALSE(following.help_in_vain(false));
  CHECK_FALSE(following.help_in_vain(true));
  for (int i = 0; i < 4; ++i) CHECK_FALSE(following.help_in_vain(false));
  CHECK(following.help_in_vain(false));
  for (int i = 0; i < 9; ++i) CHECK_FALSE(following.help_in_vain(false));
  following.settled();
  CHECK(following.help_in_vain(false));
  for (int i = 0; i < 4; ++i) CHECK_FALSE(following.help_in_vain(false));
  following.acts_anew();
  CHECK_FALSE(following.help_in_vain(false));
}
