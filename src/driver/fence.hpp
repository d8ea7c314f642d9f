#pragma once
#include <boost/asio/awaitable.hpp>
#include <set>
#include <string>
#include <vector>

#include "control/fence.hpp"
#include "driver/fleet.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {

/// What a fence is made from, as one server says it.
struct FenceLook {
  std::vector<control::AclUser> users;
  std::string self;               ///< the user of the connection
  std::set<std::string> proxied;  ///< users of connections that are named by us
};

/// The users of one node. ACLs are not replicated, and a replica may be promoted.
struct NodeUsers {
  std::string node;
  std::string trouble;  ///< why it could not be asked
  FenceLook look;
};
/// Of every node, the primary first; where the URL leads to a replica, of that one alone. Users of proxies' connections
/// at any node are `proxied` at each. Error `store` when the first refuses ACL LIST, ACL WHOAMI or CLIENT LIST.
boost::asio::awaitable<Result<std::vector<NodeUsers>>> look_at_users(FleetStore& store);

/// ACL SETUSER at `node` for each of `steps`, one after the other. Error `store`: refused; the message says where, and
/// how many users were fenced there before.
boost::asio::awaitable<Result<void>> apply_fence(FleetStore& store, std::string node,
                                                 std::vector<control::FenceStep> steps);

}  // namespace keyshift::driver
