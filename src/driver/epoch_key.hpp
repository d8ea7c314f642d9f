#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "control/change.hpp"
#include "store/connection.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {

/// Brings the epoch key of the server at `connection` (database 0, a primary) to `cur` where the rules let it, by
/// compare-and-set. False: it may not, or somebody else was faster.
boost::asio::awaitable<Result<bool>> help_epoch_key(store::Connection& connection, const control::Change& cur);

/// What each spec found at the store is about, for a proxy that does not understand the control record. Goes through
/// the whole keyspace. Specs that say nothing are left out.
boost::asio::awaitable<std::vector<std::shared_ptr<const transforms::RuleSet>>> scopes_of_found_specs(
    store::Connection& connection);

/// Rules that only say what is in scope of a spec, for records that must be refused; null when nobody can tell.
std::shared_ptr<const transforms::RuleSet> scope_of(BytesView spec);

}  // namespace keyshift::driver
