#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "driver/preflight.hpp"

namespace keyshift::driver {

/// Fills in facts.nodes: every node of the store but the primary, asked itself, as a flip asks it; and adds the clients
/// there that bypass us. What could not be asked is said in the facts.
boost::asio::awaitable<void> ask_nodes(boost::asio::any_io_executor executor, const PreflightOptions& options,
                                       control::PreflightFacts& facts);

}  // namespace keyshift::driver
