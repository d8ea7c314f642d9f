#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/gates.hpp"

namespace keyshift::control {

/// What a process does for a run that nobody drives by hand: decided here from what is wanted and what is seen, done
/// by who asks. A pure function of both, so that any number of processes may do it, at any moment anew.

/// Work that opens gates, and the steps themselves.
enum class DriveTask : std::uint8_t { rehearse, verify, rehearse_back, backup, step };
std::string_view name(DriveTask task) noexcept;

/// When the last one of this process began and ended, whatever came of it.
struct DriveAttempt {
  UnixMillis began{}, ended{};
};

/// How far a run is taken.
struct DriveGoal {
  bool steps = false;         ///< the way forward is taken as its gates open
  bool cutover = false;       ///< that to cutover, too
  std::optional<Phase> last;  ///< the end of the way, if the run comes there
  bool operator==(const DriveGoal&) const = default;
};

/// What a run asks for itself: `cutover.mode: auto` is to go forward, unless somebody has turned it back since.
DriveGoal goal_of(const transforms::MigrationFile& spec, const GateFacts& facts);

struct DriveFacts {
  GateFacts gate;
  std::map<DriveTask, DriveAttempt> attempts;
};

struct DriveDecision {
  enum class Kind : std::uint8_t {
    step,   ///< take the step `wanted`: its gate is open
    task,   ///< do `task`
    wait,   ///< `waits_for` stands against the step `wanted`; or `paused`
    ready,  ///< nothing stands against it, and it is somebody else's to take
    end,    ///< there is nothing to do in this phase
  };
  Kind kind = Kind::end;
  Wanted wanted = Wanted::nothing;
  DriveTask task = DriveTask::step;
  std::vector<Obstacle> waits_for;
  bool paused = false;
};
DriveDecision decide(const DriveGoal& goal, const transforms::MigrationFile& spec, const DriveFacts& facts);

/// Why it waits, in one line for people; empty for other decisions.
std::string why(const DriveDecision& decision);

/// While a run migrates its records are verified again when the last result is so old.
inline constexpr std::chrono::minutes kVerifyEvery{10};

}  // namespace keyshift::control
