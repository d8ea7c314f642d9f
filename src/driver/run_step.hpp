#pragma once
#include <boost/asio/awaitable.hpp>
#include <set>
#include <string>
#include <vector>

#include "driver/run_check.hpp"

namespace keyshift::driver {

/// One step of one run, as somebody wants it taken.
struct StepRequest {
  control::Wanted wanted = control::Wanted::nothing;
  std::set<control::GateReason> force;     ///< passes the gate in spite of these
  std::string who;                         ///< for the audit: user@host
  Duration backup_patience = seconds(30);  ///< how long the end of a backup is waited for before a hold
  RunCheckOptions rehearsal;               ///< how the step rehearses what nobody has rehearsed yet
};

struct StepEnd {
  std::vector<control::Obstacle> shut;  ///< why the gate was shut; empty: the step was begun
  control::ChangeOutcome outcome;       ///< when it was
};

/// Looks at the gate of the step and takes it. A rehearsal that is all the gate lacks is made here. Error `gate` when
/// no step leads there. May be repeated, and dropped at any moment.
boost::asio::awaitable<Result<StepEnd>> take_step(FleetStore& store, control::Change cur, MeantRun run,
                                                  StepRequest request);

/// Waits until no backup of the store is being taken, at most so long; whoever begins a hold does so first.
boost::asio::awaitable<Result<void>> await_backup(FleetStore& store, Duration patience);

}  // namespace keyshift::driver
