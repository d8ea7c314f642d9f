#pragma once
#include <boost/asio/awaitable.hpp>

#include "control/change.hpp"
#include "driver/fleet.hpp"

namespace keyshift::driver {

/// Takes away what lies beside the record for a run that is no longer in it: its notes, its checkpoint, who swept it,
/// and its spec when no other run has the same. Records set aside, stamps and the audit stay. Nothing is done while the
/// record has the run, or changes meanwhile. May be repeated, and dropped at any moment.
boost::asio::awaitable<Result<void>> clear_run(FleetStore& store, control::RunEntry run);

}  // namespace keyshift::driver
