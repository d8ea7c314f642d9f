#pragma once
#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/gates.hpp"
#include "control/proxy_report.hpp"
#include "driver/fleet.hpp"
#include "resp/reply.hpp"

namespace keyshift::driver {

/// A run with its spec understood.
struct MeantRun {
  control::RunEntry entry;
  transforms::MigrationFile spec;
};
/// Error `control`: its spec is missing or not understood.
Result<MeantRun> understood(const ControlState& state, const control::RunEntry& entry);

/// Commands for one connection, all answered.
using Commands = std::vector<std::vector<Bytes>>;
boost::asio::awaitable<Result<std::vector<resp::Reply>>> ask_all(FleetStore& store, Commands commands);

/// What the proxies that CLIENT LIST shows have said of themselves, in their order.
struct ProxyReports {
  std::vector<std::string> proxies;
  std::vector<std::optional<control::ProxyReport>> reports;
};
boost::asio::awaitable<Result<ProxyReports>> read_reports(FleetStore& store, std::string_view clients);

/// The fields of a hash or of a stream's entry, from names and values by turns.
std::map<Bytes, Bytes> fields_of(const resp::Reply& reply);

/// Asks the server for everything that the gates look at. `run` outlives what it gives.
boost::asio::awaitable<Result<control::GateFacts>> gather_facts(FleetStore& store, const control::Change& cur,
                                                                const MeantRun& run);

/// An entry of the audit (none: `audit` is empty) and a change of the run's notes, in one transaction. An empty value
/// deletes the field.
boost::asio::awaitable<Result<void>> write_notes(FleetStore& store, Bytes run,
                                                 std::vector<std::pair<Bytes, Bytes>> fields,
                                                 std::vector<std::pair<Bytes, Bytes>> audit);

}  // namespace keyshift::driver
