#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/startup.hpp"
#include "control/gates.hpp"
#include "control/proxy_report.hpp"
#include "driver/fleet.hpp"

namespace keyshift::cli {

/// A command that an operator types: speaks with one store about its control record, and ends. One thread.
class Operator {
 public:
  /// Reads the settings of `invocation`; `file`: the migration file, when the command takes one as a word.
  static Result<std::unique_ptr<Operator>> open(const Invocation& invocation, const std::string& file = {});

  /// Runs a coroutine to its end.
  template <class T>
  Result<T> wait(boost::asio::awaitable<Result<T>> work) {
    std::optional<Result<T>> out;
    bool ended = false;
    boost::asio::co_spawn(io_, std::move(work), [&](std::exception_ptr failure, Result<T> result) {
      ended = true;
      if (!failure) out.emplace(std::move(result));
    });
    io_.restart();
    // Not until nothing is left: time limits of connections that stay open would be waited for.
    while (!ended && io_.run_one() != 0) {
    }
    if (!out) return fail(ErrorCode::system, "the command ended by an internal failure");
    return std::move(*out);
  }

  [[nodiscard]] const Startup& startup() const noexcept { return startup_; }
  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
  [[nodiscard]] driver::FleetStore& store() noexcept { return store_; }
  /// The record and the specs of its runs. Error `gate` when there is no record.
  Result<driver::ControlState> read();

  /// user@host of who types.
  [[nodiscard]] const std::string& who() const noexcept { return who_; }

 private:
  explicit Operator(Startup startup);
  Startup startup_;
  boost::asio::io_context io_{1};
  driver::FleetStore store_;
  std::string who_;
};

/// The run that is meant, with its spec understood.
struct MeantRun {
  control::RunEntry entry;
  transforms::MigrationFile spec;
};
/// The run that --run names, or the only one. Error `gate` otherwise, with the names of those that there are.
Result<MeantRun> meant_run(const Operator& who, const driver::ControlState& state);

/// The same of an entry that is at hand. Error `control`: its spec is missing or not understood.
Result<MeantRun> understood(const driver::ControlState& state, const control::RunEntry& entry);

/// Commands for one connection, all answered.
using Commands = std::vector<std::vector<Bytes>>;
boost::asio::awaitable<Result<std::vector<resp::Reply>>> ask_all(driver::FleetStore& store, Commands commands);

/// What the proxies that CLIENT LIST shows have said of themselves, in their order.
struct ProxyReports {
  std::vector<std::string> proxies;
  std::vector<std::optional<control::ProxyReport>> reports;
};
boost::asio::awaitable<Result<ProxyReports>> read_reports(driver::FleetStore& store, std::string_view clients);

/// The fields of a hash or of a stream's entry, from names and values by turns.
std::map<Bytes, Bytes> fields_of(const resp::Reply& reply);

/// Asks the server for everything that the gates look at.
boost::asio::awaitable<Result<control::GateFacts>> gather_facts(driver::FleetStore& store, const control::Change& cur,
                                                                const MeantRun& run);

/// An entry of the audit and a change of the run's notes, in one transaction. An empty value deletes the field.
boost::asio::awaitable<Result<void>> write_notes(driver::FleetStore& store, Bytes run,
                                                 std::vector<std::pair<Bytes, Bytes>> fields,
                                                 std::vector<std::pair<Bytes, Bytes>> audit);

}  // namespace keyshift::cli
