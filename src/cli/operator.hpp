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
#include "driver/fleet.hpp"
#include "driver/run_facts.hpp"

namespace keyshift::cli {

using driver::ask_all;
using driver::Commands;
using driver::fields_of;
using driver::gather_facts;
using driver::MeantRun;
using driver::ProxyReports;
using driver::read_reports;
using driver::understood;
using driver::write_notes;

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

/// The run that --run names, or the only one. Error `gate` otherwise, with the names of those that there are.
Result<MeantRun> meant_run(const Operator& who, const driver::ControlState& state);

}  // namespace keyshift::cli
