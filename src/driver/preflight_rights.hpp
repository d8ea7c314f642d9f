#pragma once
#include <boost/asio/awaitable.hpp>

#include "control/preflight.hpp"
#include "store/connection.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {

/// Tries, without doing any of it, every command that the user of `connection` needs, and, where the server can tell
/// (ACL DRYRUN, Redis 7.0), whether each other user may touch both names of records of `rules` (null: no rules).
/// Adds what it finds to `facts`.
boost::asio::awaitable<void> ask_rights(store::Connection& connection, const transforms::RuleSet* rules,
                                        control::PreflightFacts& facts);

}  // namespace keyshift::driver
