#include "control/phases.hpp"

#include <doctest/doctest.h>

#include "control/change_rules.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

Change in(Phase phase) {
  Change c = first_change(1);
  c.runs.push_back({"id-1", "users-v2", "aa", phase, Wanted::nothing, {1, 1}});
  return c;
}

/// The phase after the wish, by the way of a hold where one is needed; the same change when it is refused.
Change after(const Change& cur, Wanted wanted) {
  const auto wish = with_wish(cur, "users-v2", wanted);
  if (!wish) return cur;
  if (!fulfilled(*wish).hold) {
    Change out = change_without_hold(cur, 5);
    out.runs = fulfilled(*wish).runs;
    return out;
  }
  Change hold = hold_after(cur, 0, 0, 4);
  hold.runs = wish->runs;
  return serve_after_hold(hold, 5, false);
}

}  // namespace

TEST_CASE("a whole migration: start, cutover, complete, forget") {
  Change c = in(Phase::observe);
  c = after(c, Wanted::start);
  CHECK(c.runs[0].phase == Phase::migrate);
  CHECK(c.era == 2);
  c = after(c, Wanted::cutover);
  CHECK(c.runs[0].phase == Phase::cutover);
  CHECK(c.era == 2);
  c = after(c, Wanted::complete);
  CHECK(c.runs[0].phase == Phase::complete);
  CHECK(c.era == 2);
  c = after(c, Wanted::forget);
  CHECK(c.runs.empty());
}

TEST_CASE("the way back begins an era from migrate and from cutover, and ends in observe without one") {
  for (const Phase from : {Phase::migrate, Phase::cutover}) {
    Change c = after(in(from), Wanted::rollback);
    CHECK(c.runs[0].phase == Phase::rollback);
    CHECK(c.era == 2);
    CHECK(after(c, Wanted::start).era == 3);
    c = after(c, Wanted::observe);
    CHECK(c.runs[0].phase == Phase::observe);
    CHECK(c.era == 2);
    CHECK(after(c, Wanted::abort).runs.empty());
  }
}

TEST_CASE("no step leads from a phase that the list does not have, and the refusal says where the run is") {
  const std::vector<std::pair<Phase, Wanted>> nowhere{std::pair{Phase::observe, Wanted::cutover},
                                                      {Phase::complete, Wanted::rollback},
                                                      {Phase::cutover, Wanted::start},
                                                      {Phase::migrate, Wanted::forget},
                                                      {Phase::observe, Wanted::rollback},
                                                      {Phase::migrate, Wanted::complete}};
  for (const auto& [phase, wanted] : nowhere) {
    const auto wish = with_wish(in(phase), "", wanted);
    REQUIRE_FALSE(wish.has_value());
    CHECK(wish.error().code == ErrorCode::gate);
    CHECK(wish.error().what.find(name(phase)) != std::string::npos);
  }
  CHECK_FALSE(with_wish(in(Phase::observe), "orders", Wanted::start).has_value());
}

TEST_CASE("a hold carries the wish, so that whoever finds it comes to the same serve, or calls it off") {
  const Change cur = in(Phase::observe);
  Change hold = hold_after(cur, 0, 0, 4);
  hold.runs = with_wish(cur, "id-1", Wanted::start)->runs;
  const auto read = read_change(encode(hold));
  REQUIRE(read.has_value());
  CHECK(serve_after_hold(*read, 9, false) == serve_after_hold(hold, 9, false));
  const Change off = serve_after_hold(hold, 9, true);
  CHECK(off.era == cur.era);
  CHECK(off.runs[0].phase == Phase::observe);
  CHECK(off.runs[0].wanted == Wanted::nothing);
}

TEST_CASE("a run is added once, in observe, and sets the scope") {
  const ChangeId by{2, 7};
  const auto added = with_run(first_change(1), {"id-1", "users-v2", "aa", Phase::migrate, Wanted::start, {}}, by);
  REQUIRE(added.has_value());
  CHECK(added->scope == by);
  CHECK(added->runs[0].phase == Phase::observe);
  CHECK(added->runs[0].since == by);
  CHECK_FALSE(with_run(*added, {"id-2", "users-v2", "bb", Phase::observe, Wanted::nothing, {}}, by).has_value());
  CHECK(with_run(*added, {"id-2", "orders", "bb", Phase::observe, Wanted::nothing, {}}, by).has_value());
}

TEST_CASE("who is where a wish leads has arrived") {
  CHECK(arrived(Wanted::start, Phase::migrate));
  CHECK(arrived(Wanted::cutover, Phase::cutover));
  CHECK_FALSE(arrived(Wanted::cutover, Phase::migrate));
  CHECK_FALSE(arrived(Wanted::forget, Phase::complete));
  for (const auto phase : {Phase::observe, Phase::migrate, Phase::cutover, Phase::rollback})
    CHECK(step_of(next_wish(phase), phase) != nullptr);
  CHECK(next_wish(Phase::complete) == Wanted::nothing);
}
