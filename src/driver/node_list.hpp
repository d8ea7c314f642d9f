#pragma once
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/node_memory.hpp"
#include "driver/fleet.hpp"

namespace keyshift::driver {

/// One node as a flip sees it, for people.
struct NodeShown {
  control::NodeSight sight;
  bool counts = true;        ///< false: declared gone
  std::string trouble;       ///< why a flip stops at it; empty: it does not
  std::uint64_t offset = 0;  ///< in the replication stream
  std::uint64_t lag = 0;     ///< bytes behind the primary
  std::string key;           ///< <epoch>.<word> as read there; "-": none, or what is wrong with it
  control::KnownNode known;  ///< as it is remembered; empty `run`: not yet
  std::optional<control::NodeOverride> gone, unwaited;
};

/// Looks at every node, as a flip does. Error `store`: the primary cannot be asked.
boost::asio::awaitable<Result<std::vector<NodeShown>>> look_at_nodes(FleetStore& store);

/// Declares the node gone whose address or run id is `id`. Error `gate`: it answers, or there is none. Idempotent.
boost::asio::awaitable<Result<void>> declare_node_gone(FleetStore& store, std::string id, std::string who);
/// Clean passes do not wait for it from now on. Errors as above, but for a node that answers.
boost::asio::awaitable<Result<void>> exclude_node_from_wait(FleetStore& store, std::string id, std::string who);

}  // namespace keyshift::driver
