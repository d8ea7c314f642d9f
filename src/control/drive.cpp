#include "control/drive.hpp"

#include <algorithm>
#include <array>

#include "control/backup_manifest.hpp"
#include "control/phases.hpp"

namespace keyshift::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct TaskRow {
  std::string_view name;
  milliseconds rest;  ///< between two of them, at least
};
constexpr std::array<TaskRow, 5> kTasks{{
    {"rehearsal", seconds(10)},
    {"verify", seconds(10)},
    {"way-back", seconds(10)},
    {"backup", seconds(60)},
    {"step", seconds(5)},
}};

const TaskRow& row(DriveTask task) noexcept { return kTasks[static_cast<std::size_t>(task)]; }

/// What has just been done is not done again at once, and nothing takes more than half of the time. A clock that went
/// back says nothing.
bool rested(DriveTask task, const DriveFacts& facts) {
  const auto found = facts.attempts.find(task);
  if (found == facts.attempts.end() || found->second.ended > facts.gate.now) return true;
  const milliseconds took = found->second.ended - found->second.began;
  return facts.gate.now - found->second.ended >= std::max(row(task).rest, took);
}

bool due(const std::optional<GateResult>& result, milliseconds every, std::uint64_t tolerated, const GateFacts& facts) {
  return !holds(result, facts) || facts.now - result->at > every || result->wrong > tolerated;
}

/// A backup ages, so it is taken when nothing else is missing.
bool wants_backup(const std::vector<Obstacle>& left, const transforms::MigrationFile& spec) {
  const bool alone = !left.empty() && std::all_of(left.begin(), left.end(), [](const Obstacle& each) {
    return each.reason == GateReason::backup;
  });
  return alone && !spec.backup.directory.empty() && backup_provider_of(spec.backup.provider).has_value();
}

std::optional<DriveTask> task_of(const transforms::MigrationFile& spec, const DriveFacts& facts,
                                 const std::vector<Obstacle>& left) {
  const RunNotes& notes = facts.gate.notes;
  const auto rehearsed_every = kRehearsalMaxAge / 2;
  std::vector<DriveTask> wanted;
  if (facts.gate.run->phase == Phase::observe &&
      due(notes.rehearsal, rehearsed_every, spec.rehearsal_failures, facts.gate))
    wanted.push_back(DriveTask::rehearse);
  // Before a clean pass records are left behind, which says nothing of them.
  if (facts.gate.run->phase == Phase::migrate && holds(notes.pass, facts.gate)) {
    if (due(notes.verify, kVerifyEvery, 0, facts.gate)) wanted.push_back(DriveTask::verify);
    if (due(notes.way_back, rehearsed_every, 0, facts.gate)) wanted.push_back(DriveTask::rehearse_back);
  }
  if (wants_backup(left, spec)) wanted.push_back(DriveTask::backup);
  const auto found = std::find_if(wanted.begin(), wanted.end(), [&](DriveTask task) { return rested(task, facts); });
  return found == wanted.end() ? std::nullopt : std::optional(*found);
}

DriveDecision of(DriveDecision::Kind kind, Wanted wanted) {
  DriveDecision out;
  out.kind = kind;
  out.wanted = wanted;
  return out;
}

}  // namespace

std::string_view name(DriveTask task) noexcept { return row(task).name; }

DriveGoal goal_of(const transforms::MigrationFile& spec, const GateFacts& facts) {
  const bool forward = spec.cutover.automatic && !(facts.turned_back && facts.run->phase == Phase::observe);
  return {forward, forward, std::nullopt};
}

DriveDecision decide(const DriveGoal& goal, const transforms::MigrationFile& spec, const DriveFacts& facts) {
  using Kind = DriveDecision::Kind;
  const Phase phase = facts.gate.run->phase;
  const Wanted next = next_wish(phase);
  if (phase == Phase::cutover || phase == Phase::complete || phase == goal.last) return of(Kind::end, Wanted::nothing);
  DriveDecision out = of(Kind::wait, next);
  out.paused = facts.gate.notes.paused;
  if (out.paused) return out;
  out.waits_for = obstacles(next, spec, facts.gate);
  if (const auto task = task_of(spec, facts, out.waits_for)) {
    out.kind = Kind::task;
    out.task = *task;
    return out;
  }
  if (!out.waits_for.empty()) return out;
  // The way back ends by itself: who began it wanted that.
  const bool ours = phase == Phase::rollback || (goal.steps && (phase != Phase::migrate || goal.cutover));
  if (!ours) return of(Kind::ready, next);
  if (rested(DriveTask::step, facts)) return of(Kind::step, next);
  return out;
}

std::string why(const DriveDecision& decision) {
  if (decision.kind != DriveDecision::Kind::wait) return {};
  if (decision.paused) return "the run is paused (keyshift resume)";
  std::string out;
  for (const Obstacle& obstacle : decision.waits_for)
    out += (out.empty() ? "" : "; ") + std::string(name(obstacle.reason)) + ": " +
           (obstacle.detail.empty() ? std::string(meaning(obstacle.reason)) : obstacle.detail);
  return out.empty() ? "the last attempt did not come through; again in a moment" : out;
}

}  // namespace keyshift::control
