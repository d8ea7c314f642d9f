#pragma once
#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/repair.hpp"
#include "driver/fleet.hpp"

namespace keyshift::driver {

/// What was found at a store, on every node of it.
struct RepairLook {
  control::RepairFacts facts;
  std::map<Bytes, Bytes> specs;  ///< texts by their hash
  Bytes state;                   ///< of record and primary's key, byte for byte: what a repair is compared with
};
/// Only reads. Error `store`: the primary cannot be asked.
boost::asio::awaitable<Result<RepairLook>> look_for_repair(FleetStore& store);

/// In place of what `look` found: the record, both halves `hold`, and the primary's epoch key, in one step with the
/// spec (if there is one) and the audit entry. False: somebody has changed something since; look again.
boost::asio::awaitable<Result<bool>> write_repair(FleetStore& store, Bytes state, control::Change hold,
                                                  std::optional<Bytes> spec,
                                                  std::vector<std::pair<Bytes, Bytes>> audit);

}  // namespace keyshift::driver
