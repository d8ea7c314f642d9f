#pragma once
#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "control/backup_manifest.hpp"
#include "driver/backup_run.hpp"
#include "store/connection.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {

/// What a backup asks of a server, and the one thing it writes there. Connections are in database 0 before and behind
/// every call but select_database(). Replies that refuse become errors in words; none of them says anything of values.

/// 32 hexadecimal digits, drawn at random.
Bytes random_hex();
UnixMillis wall_clock();

/// SELECT. Error `scan-refused`.
boost::asio::awaitable<Result<void>> select_database(store::Connection& connection, int database);

/// Fills what the manifest says of the server, and the store's id, which is written if there is none (SET NX).
boost::asio::awaitable<Result<void>> describe_server(store::Connection& connection, control::BackupManifest& out);

/// Writes manifest.stamp, whose run and store are set, with a new word. Error `stamp-refused`.
boost::asio::awaitable<Result<void>> write_stamp(store::Connection& connection, control::BackupManifest& out);

/// Whether exactly `stamp` is in the data.
boost::asio::awaitable<Result<bool>> has_stamp(store::Connection& connection, const control::BackupStamp& stamp);

/// Keys by database, as INFO keyspace counts them.
boost::asio::awaitable<Result<std::map<int, std::uint64_t>>> count_keys(store::Connection& connection);

/// Records by rule, under either of their names, by SCAN of the rules' database.
boost::asio::awaitable<Result<std::vector<control::RuleRecords>>> count_rules(store::Connection& connection,
                                                                              const transforms::RuleSet& rules,
                                                                              BackupRun& run);

/// The stamps of all runs: values of the keys stamp_name(...), by run.
boost::asio::awaitable<Result<std::map<std::string, Bytes>>> find_stamps(store::Connection& connection);

}  // namespace keyshift::driver
