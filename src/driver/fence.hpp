#pragma once
#include <boost/asio/awaitable.hpp>
#include <set>
#include <string>
#include <vector>

#include "control/fence.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {

/// What a fence is made from, as one server says it.
struct FenceLook {
  std::vector<control::AclUser> users;
  std::string self;               ///< the user of the connection
  std::set<std::string> proxied;  ///< users of connections that are named by us
};

/// Error `store` when the server refuses ACL LIST, ACL WHOAMI or CLIENT LIST.
boost::asio::awaitable<Result<FenceLook>> look_at_users(store::Connection& connection);

/// ACL SETUSER for each of `steps`, one after the other. Error `store`: refused; the message says how many users were
/// fenced before.
boost::asio::awaitable<Result<void>> apply_fence(store::Connection& connection, std::vector<control::FenceStep> steps);

}  // namespace keyshift::driver
