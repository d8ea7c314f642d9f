#pragma once
#include <boost/asio/awaitable.hpp>
#include <span>
#include <vector>

#include "control/bypass.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {

/// Who speaks to the server of `connection` past the proxies, at this moment. One node; who wants to know it of a store
/// asks every node. `allow` lives until it returns. Error `store` when the server refuses to tell, with its words.
boost::asio::awaitable<Result<std::vector<control::BypassClient>>> bypass_clients(
    store::Connection& connection, std::span<const transforms::AllowedClient> allow);

}  // namespace keyshift::driver
