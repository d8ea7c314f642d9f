#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "base/result.hpp"
#include "control/change.hpp"
#include "store/connection.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {

/// Brings the epoch key of the server at `connection` (database 0, a primary) to `cur` where the rules let it, by
/// compare-and-set. False: it may not, or somebody else was faster.
boost::asio::awaitable<Result<bool>> help_epoch_key(store::Connection& connection, const control::Change& cur);

/// What all specs found at the store are about, for a proxy that does not understand the control record. Goes through
/// the whole keyspace. Null: none was found, or they cannot be told together.
boost::asio::awaitable<std::shared_ptr<const transforms::RuleSet>> scope_of_found_specs(store::Connection& connection);

}  // namespace keyshift::driver
