#include "control/change_rules.hpp"

#include <doctest/doctest.h>

using namespace keyshift::control;

TEST_CASE("a hold replaces an epoch key of a lower epoch and a not higher era, nothing else") {
  const Change serve = first_change(1);
  const Change hold = hold_after(serve, 0, 0, 2);
  CHECK(hold.id.epoch == 2);
  CHECK(hold.prev == serve.id);
  CHECK(hold.era == serve.era);
  CHECK(!hold.forced);
  CHECK(may_replace(serve, hold));
  CHECK(!may_replace(hold, hold));
  Change other = hold;
  other.id.word = 77;
  CHECK(!may_replace(other, hold));  // same epoch, another word
  Change later = serve;
  later.era = 2;
  CHECK(!may_replace(later, hold));  // that server has seen a later era
  CHECK(!may_replace(std::nullopt, hold));
}

TEST_CASE("a serve replaces exactly the change that it comes from") {
  const Change first = first_change(1);
  const Change hold = hold_after(first, 0, 0, 2);
  const Change next = serve_next_era(hold, 3);
  CHECK(next.era == 2);
  CHECK(begins_era(hold, next));
  CHECK(!begins_era(hold, serve_same_era(hold, 3)));
  CHECK(may_replace(hold, next));
  CHECK(!may_replace(first, next));
  Change other_hold = hold;
  other_hold.id.word = 9;
  CHECK(!may_replace(other_hold, next));
  const Change plain = change_without_hold(next, 4);
  CHECK(plain.era == next.era);
  CHECK(may_replace(next, plain));
  CHECK(!may_replace(hold, plain));
}

TEST_CASE("only the first change of a store may be put where no epoch key is") {
  const Change first = first_change(1);
  CHECK(may_replace(std::nullopt, first));
  CHECK(!may_replace(std::nullopt, change_without_hold(first, 2)));
  CHECK(!may_replace(first, first));
}

TEST_CASE("a hold goes above every epoch found, and is forced when an era was taken from a key") {
  const Change cur = first_change(1);
  const Change above = hold_after(cur, 41, 1, 2);
  CHECK(above.id.epoch == 42);
  CHECK(!above.forced);
  const Change taken = hold_after(cur, 41, 3, 2);
  CHECK(taken.forced);
  CHECK(taken.era == 3);
  CHECK(hold_after(taken, 0, 0, 5).forced);  // a forced hold is replaced by a forced one
  CHECK(!serve_same_era(taken, 6).forced);
}

TEST_CASE("an epoch key is the same, behind, ahead or absent") {
  const ChangeId cur{5, 1};
  CHECK(view_of_key(ChangeId{5, 1}, cur) == KeyView::same);
  CHECK(view_of_key(ChangeId{4, 1}, cur) == KeyView::helpable);
  CHECK(view_of_key(ChangeId{6, 1}, cur) == KeyView::ahead);
  CHECK(view_of_key(ChangeId{5, 2}, cur) == KeyView::ahead);  // another change with the same epoch
  CHECK(view_of_key(std::nullopt, cur) == KeyView::absent);
}
