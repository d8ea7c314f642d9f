#include "control/drive.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "control/phases.hpp"

using namespace keyshift;
using namespace keyshift::control;
using namespace std::chrono_literals;
using Kind = DriveDecision::Kind;

namespace {

/// A run in migrate for which everything is as it should be, and that is to go forward by itself.
struct World {
  RunEntry run{"id-1", "users-v2", "aa55", Phase::migrate, Wanted::nothing, {1, 1}};
  transforms::MigrationFile spec;
  DriveFacts facts;

  World() {
    spec.cutover.automatic = true;
    spec.backup.provider = "rdb";
    spec.backup.directory = "/backup";
    facts.gate.run = &run;
    facts.gate.era = 4;
    facts.gate.server = "r1/p1";
    facts.gate.now = UnixMillis(1h);
    facts.gate.bypass.emplace();
    facts.gate.backup_trouble.emplace();
    const GateResult good{4, "aa55", "r1/p1", UnixMillis(59min), "pod-1", 100, 0};
    facts.gate.notes.pass = facts.gate.notes.verify = facts.gate.notes.way_back = facts.gate.notes.rehearsal = good;
  }
  [[nodiscard]] DriveDecision now() const { return decide(goal_of(spec, facts.gate), spec, facts); }
  [[nodiscard]] bool does(DriveTask task) const {
    const auto decision = now();
    return decision.kind == Kind::task && decision.task == task;
  }
};

}  // namespace

TEST_CASE("with every gate open a run that is to go forward by itself does so, up to cutover") {
  World w;
  CHECK(w.now().kind == Kind::step);
  CHECK(w.now().wanted == Wanted::cutover);
  w.run.phase = Phase::observe;
  CHECK(w.now().kind == Kind::step);
  CHECK(w.now().wanted == Wanted::start);
  for (const Phase phase : {Phase::cutover, Phase::complete}) {
    w.run.phase = phase;
    CHECK(w.now().kind == Kind::end);
  }
}

TEST_CASE("a run by hand is kept ready, and its way back ended") {
  World w;
  w.spec.cutover.automatic = false;
  CHECK(w.now().kind == Kind::ready);
  w.run.phase = Phase::observe;
  CHECK(w.now().kind == Kind::ready);
  w.run.phase = Phase::rollback;
  CHECK(w.now().kind == Kind::step);
  CHECK(w.now().wanted == Wanted::observe);
  w.facts.gate.notes.pass.reset();
  CHECK(w.now().kind == Kind::wait);
}

TEST_CASE("who lets it run to cutover takes the start, and leaves the cutover") {
  World w;
  const DriveGoal goal{true, false, std::nullopt};
  CHECK(decide(goal, w.spec, w.facts).kind == Kind::ready);
  w.run.phase = Phase::observe;
  CHECK(decide(goal, w.spec, w.facts).kind == Kind::step);
  CHECK(decide({true, false, Phase::observe}, w.spec, w.facts).kind == Kind::end);
}

TEST_CASE("what somebody turned back is not started again") {
  World w;
  w.run.phase = Phase::observe;
  w.facts.gate.turned_back = true;
  CHECK(w.now().kind == Kind::ready);
  w.run.phase = Phase::migrate;  // and was started again by hand
  w.facts.gate.turned_back = false;
  CHECK(w.now().kind == Kind::step);
}

TEST_CASE("a paused run is left alone") {
  World w;
  w.facts.gate.notes.paused = true;
  w.facts.gate.notes.verify.reset();
  CHECK(w.now().kind == Kind::wait);
  CHECK(why(w.now()).find("paused") != std::string::npos);
}

TEST_CASE("records are rehearsed before the start, anew in another era, and again when it found too much") {
  World w;
  w.run.phase = Phase::observe;
  w.facts.gate.notes.rehearsal->era = 3;
  CHECK(w.does(DriveTask::rehearse));
  w.facts.gate.notes.rehearsal->era = 4;
  w.facts.gate.notes.rehearsal->wrong = 2;
  CHECK(w.does(DriveTask::rehearse));
  w.spec.rehearsal_failures = 2;
  CHECK(w.now().kind == Kind::step);
}

TEST_CASE("verification waits for a clean pass, and is repeated while a run migrates") {
  World w;
  w.facts.gate.notes.verify.reset();
  CHECK(w.does(DriveTask::verify));
  w.facts.gate.notes.pass.reset();
  CHECK(w.now().kind == Kind::wait);
  World old;
  old.facts.gate.notes.verify->at = UnixMillis(1h) - kVerifyEvery - 1ms;
  CHECK(old.does(DriveTask::verify));
  World wrong;
  wrong.facts.gate.notes.verify->wrong = 1;
  CHECK(wrong.does(DriveTask::verify));
  World back;
  back.facts.gate.notes.way_back.reset();
  CHECK(back.does(DriveTask::rehearse_back));
}

TEST_CASE("a backup is taken last, where the file asks for one that can be taken here") {
  World w;
  w.spec.backup.before_cutover = true;
  CHECK(w.now().kind == Kind::step);
  w.facts.gate.backup_trouble = "too old";
  CHECK(w.does(DriveTask::backup));
  w.facts.gate.bypass->push_back("a stranger");
  CHECK(w.now().kind == Kind::wait);
  w.facts.gate.bypass->clear();
  w.spec.backup.provider = "velero";
  CHECK(w.now().kind == Kind::wait);
  CHECK(why(w.now()).find("too old") != std::string::npos);
}

TEST_CASE("what has just been tried is left for a while, the longer the longer it took") {
  World w;
  w.facts.gate.notes.verify->wrong = 1;
  w.facts.attempts[DriveTask::verify] = {UnixMillis(50min), UnixMillis(55min)};
  CHECK(w.does(DriveTask::verify));
  w.facts.attempts[DriveTask::verify] = {UnixMillis(40min), UnixMillis(55min)};
  CHECK(w.now().kind == Kind::wait);
  w.facts.attempts[DriveTask::verify] = {UnixMillis(1h) - 2s, UnixMillis(1h) - 1s};
  CHECK(w.now().kind == Kind::wait);
  w.facts.attempts[DriveTask::verify].ended = UnixMillis(2h);  // the clock went back since
  CHECK(w.does(DriveTask::verify));
  World step;
  step.facts.attempts[DriveTask::step] = {UnixMillis(1h) - 1s, UnixMillis(1h) - 1s};
  CHECK(step.now().kind == Kind::wait);
  CHECK(!why(step.now()).empty());
}

TEST_CASE("whatever is seen, no step is decided on while its gate is shut") {
  rc::check([](std::uint8_t phase, std::uint8_t bits, std::uint8_t goals) {
    World w;
    w.run.phase = static_cast<Phase>(phase % 5);
    w.spec.backup.before_start = w.spec.backup.before_cutover = (bits & 1) != 0;
    if (bits & 2) w.facts.gate.backup_trouble = "none";
    if (bits & 4) w.facts.gate.notes.pass.reset();
    if (bits & 8) w.facts.gate.notes.verify.reset();
    if (bits & 16) w.facts.gate.bypass->push_back("x");
    if (bits & 32) w.facts.gate.notes.rehearsal.reset();
    if (bits & 64) w.facts.gate.backup_running = "y";
    if (bits & 128) w.facts.gate.notes.way_back.reset();
    const DriveGoal goal{(goals & 1) != 0, (goals & 2) != 0, std::nullopt};
    const auto decision = decide(goal, w.spec, w.facts);
    if (decision.kind != Kind::step) return;
    RC_ASSERT(obstacles(decision.wanted, w.spec, w.facts.gate).empty());
    RC_ASSERT(step_of(decision.wanted, w.run.phase) != nullptr);
    RC_ASSERT(decision.wanted != Wanted::complete);
  });
}
