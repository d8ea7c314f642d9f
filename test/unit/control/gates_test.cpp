#include "control/gates.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace keyshift;
using namespace keyshift::control;
using namespace std::chrono_literals;

namespace {

struct World {
  RunEntry run{"id-1", "users-v2", "aa55", Phase::migrate, Wanted::nothing, {1, 1}};
  transforms::MigrationFile spec;
  GateFacts facts;

  World() {
    facts.run = &run;
    facts.era = 4;
    facts.server = "r1/p1";
    facts.now = UnixMillis(1h);
    facts.bypass.emplace();
    facts.backup_trouble.emplace();
    facts.old_view.emplace();
    facts.cut_over_at = UnixMillis(0ms);
    GateResult good{4, "aa55", "r1/p1", UnixMillis(59min), "pod-1", 100, 0};
    facts.notes.pass = facts.notes.verify = facts.notes.way_back = facts.notes.rehearsal = good;
  }

  [[nodiscard]] bool shut(Wanted wanted, GateReason reason) const {
    const auto all = obstacles(wanted, spec, facts);
    return std::any_of(all.begin(), all.end(), [&](const Obstacle& o) { return o.reason == reason; });
  }
};

}  // namespace

TEST_CASE("a gate result is read as it was written, and nothing else is one") {
  const GateResult r{4, "aa55", "r1/p1", UnixMillis(1234ms), "pod-1", 100, 2};
  CHECK(encode(r) == "era 4 spec aa55 server r1/p1 at 1234 by pod-1 looked_at 100 wrong 2");
  CHECK(read_gate_result(encode(r)) == r);
  CHECK(read_gate_result(encode(r) + " mood good") == r);
  for (const char* text : {"", "era", "era x spec a server b", "spec a server b", "era 4 spec a server b at z"})
    CHECK_MESSAGE(!read_gate_result(text), text);
}

TEST_CASE("notes are read field by field, whatever else is there") {
  const auto notes = read_notes({{"paused", "1"}, {"rate", "500"}, {"pass", "nonsense"}, {"other", "x"}});
  CHECK(notes.paused);
  CHECK(notes.rate == 500u);
  CHECK(!notes.pass);
  CHECK(!read_notes({{"rate", "-1"}}).rate);
}

TEST_CASE("with everything as it should be, every gate is open") {
  World w;
  for (const auto wanted :
       {Wanted::start, Wanted::cutover, Wanted::observe, Wanted::rollback, Wanted::abort, Wanted::forget}) {
    const auto all = obstacles(wanted, w.spec, w.facts);
    CHECK_MESSAGE(all.empty(), name(wanted));
  }
}

TEST_CASE("a run is not forgotten while apps use its old names, or may do so") {
  World w;
  w.facts.old_view = {"proxy a (3 clients)"};
  CHECK(w.shut(Wanted::forget, GateReason::old_view));
  CHECK_FALSE(w.shut(Wanted::complete, GateReason::old_view));
  CHECK(forceable(GateReason::old_view));
  w.facts.old_view.reset();
  CHECK(w.shut(Wanted::forget, GateReason::unknown));
}

TEST_CASE("a clean pass counts in its era, under its rules, on its server only, and cannot be forced") {
  for (const int what : {0, 1, 2, 3}) {
    World w;
    if (what == 0) w.facts.notes.pass->era = 3;
    if (what == 1) w.facts.notes.pass->spec = "bb";
    if (what == 2) w.facts.notes.pass->server = "r2/p1";
    if (what == 3) w.facts.notes.pass.reset();
    CHECK(w.shut(Wanted::cutover, GateReason::no_clean_pass));
    CHECK(w.shut(Wanted::observe, GateReason::no_clean_pass));
    CHECK_FALSE(w.shut(Wanted::rollback, GateReason::no_clean_pass));
  }
  CHECK_FALSE(forceable(GateReason::no_clean_pass));
  CHECK(forceable(GateReason::bypass));
}

TEST_CASE("bypass clients hold up start and cutover, each named") {
  World w;
  w.facts.bypass->push_back("10.0.0.7:5000 (redis-cli)");
  w.facts.bypass->push_back("10.0.0.8:5000");
  CHECK(obstacles(Wanted::start, w.spec, w.facts).size() == 2);
  CHECK(w.shut(Wanted::cutover, GateReason::bypass));
  CHECK_FALSE(w.shut(Wanted::rollback, GateReason::bypass));
  w.facts.bypass.reset();
  CHECK(w.shut(Wanted::start, GateReason::unknown));
}

TEST_CASE("verification must have passed, in this era, and not long ago") {
  World w;
  w.facts.notes.verify->wrong = 3;
  CHECK(w.shut(Wanted::cutover, GateReason::differences));
  w.facts.notes.verify->wrong = 0;
  w.facts.notes.verify->at = w.facts.now - kVerifyMaxAge - 1min;
  CHECK(w.shut(Wanted::cutover, GateReason::not_verified));
  w.facts.notes.verify.reset();
  CHECK(w.shut(Wanted::cutover, GateReason::not_verified));
}

TEST_CASE("the start out of observe asks for a rehearsal of this era without too many failures") {
  World w;
  w.run.phase = Phase::observe;
  CHECK_FALSE(w.shut(Wanted::start, GateReason::not_rehearsed));
  w.facts.notes.rehearsal->wrong = 2;
  CHECK(w.shut(Wanted::start, GateReason::rehearsal_failures));
  w.spec.rehearsal_failures = 2;
  CHECK_FALSE(w.shut(Wanted::start, GateReason::rehearsal_failures));
  w.facts.notes.rehearsal->at = w.facts.now - kRehearsalMaxAge - 1min;
  CHECK(w.shut(Wanted::start, GateReason::not_rehearsed));
  w.facts.notes.rehearsal.reset();
  CHECK(w.shut(Wanted::start, GateReason::not_rehearsed));
  w.run.phase = Phase::rollback;  // both names are there, as they should be
  CHECK_FALSE(w.shut(Wanted::start, GateReason::not_rehearsed));
}

TEST_CASE("cutover asks for a way back that was rehearsed in this era and is sound") {
  for (const int what : {0, 1, 2, 3, 4}) {
    World w;
    CHECK_FALSE(w.shut(Wanted::cutover, GateReason::way_back));
    if (what == 0) w.facts.notes.way_back.reset();
    if (what == 1) w.facts.notes.way_back->era = 3;
    if (what == 2) w.facts.notes.way_back->server = "r2/p1";
    if (what == 3) w.facts.notes.way_back->wrong = 1;
    if (what == 4) w.facts.notes.way_back->at = w.facts.now - kRehearsalMaxAge - 1min;
    CHECK(w.shut(Wanted::cutover, GateReason::way_back));
    CHECK_FALSE(w.shut(Wanted::rollback, GateReason::way_back));
  }
}

TEST_CASE("a backup that is being taken stands against steps with a hold alone") {
  World w;
  w.facts.backup_running = "operator@host";
  w.run.phase = Phase::observe;
  CHECK(w.shut(Wanted::start, GateReason::backup_running));
  w.run.phase = Phase::migrate;
  CHECK(w.shut(Wanted::rollback, GateReason::backup_running));
  CHECK_FALSE(w.shut(Wanted::cutover, GateReason::backup_running));
  CHECK(forceable(GateReason::backup_running));
}

TEST_CASE("a backup is asked for where the file says so") {
  World w;
  w.facts.backup_trouble = "the newest proven one is 3 hours old";
  CHECK_FALSE(w.shut(Wanted::start, GateReason::backup));
  w.spec.backup.before_start = w.spec.backup.before_cutover = true;
  CHECK(w.shut(Wanted::start, GateReason::backup));
  CHECK(w.shut(Wanted::cutover, GateReason::backup));
  w.facts.backup_trouble.reset();
  CHECK(w.shut(Wanted::start, GateReason::unknown));
}

TEST_CASE("the reverse window keeps complete away until it is over") {
  World w;
  w.spec.cutover.reverse_window = 24h;
  CHECK(w.shut(Wanted::complete, GateReason::window));
  w.facts.now = UnixMillis(25h);
  CHECK_FALSE(w.shut(Wanted::complete, GateReason::window));
}

TEST_CASE("reasons keep their names") {
  CHECK(gate_reason_of("no-clean-pass") == GateReason::no_clean_pass);
  CHECK(!gate_reason_of("mood"));
  CHECK(name(GateReason::window) == "window");
  CHECK(!meaning(GateReason::window).empty());
}
