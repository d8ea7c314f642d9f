#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "control/drive.hpp"
#include "driver/backup.hpp"
#include "store/url.hpp"

namespace keyshift::driver {

/// What people should know of what a drive does.
struct DriveEvent {
  enum class Kind : std::uint8_t {
    waiting,  ///< what stands against the next step of a run is something else than before
    ready,    ///< nothing does, and the step is somebody else's
    begun,    ///< a piece of work
    done,     ///< it came through
    failed,   ///< it did not; it is tried again
    trouble,  ///< the store cannot be asked, or says what makes no sense
    over,     ///< nothing more to do for the run
  };
  Kind kind = Kind::trouble;
  std::string run;     ///< its name; empty: of no run
  std::string what;    ///< a step or a piece of work: "start", "verify", "finish"; may be empty
  std::string detail;  ///< a sentence, or less
  std::string phase;   ///< of the run, where it is known
};
std::string_view name(DriveEvent::Kind kind) noexcept;

struct DriveOptions {
  store::Url upstream;
  BackupActor actor;
  std::string run;                         ///< by id or name; empty: every run at the store
  std::optional<control::DriveGoal> goal;  ///< none: what each run's file says, until stop()
  std::uint64_t keep = 3;                  ///< backups of a run; see superseded()
  std::function<void(const DriveEvent&)> tell;
  std::function<bool()> stop;  ///< asked ten times a second: true ends it
};

/// Carries the runs of a store: finishes what others began and left, does the work that opens gates (one piece at a
/// time, in a thread of its own), and takes the steps that the goal allows. Every decision is made anew from what lies
/// beside the record (control/drive.hpp), so it may be killed at any moment and run any number of times.
///
/// Blocks: with a goal until the run has come there, else until stop(). A step that is under way then has five seconds.
/// With a goal an error when the store cannot be reached at first, or has no such run; without one that is waited for.
/// Gives the last decision on the run; none: stopped.
Result<std::optional<control::DriveDecision>> drive(const DriveOptions& options);

}  // namespace keyshift::driver
