#pragma once
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>

#include "cli/startup.hpp"
#include "driver/store_gate.hpp"
#include "observe/log.hpp"

namespace keyshift::cli {

/// What must be asked of the store before what was given by hand is used on it; nothing when there are neither a
/// migration nor a mode: such a proxy passes everything through as it comes.
std::optional<driver::StoreGate> gate_of(const Startup& startup);

/// Asks it, and says in the log what could not be made sure of. One thread.
class StoreCheck {
 public:
  /// Both outlive it.
  StoreCheck(const Startup& startup, observe::Log& log);

  /// Asks once, which takes a few seconds at most. Error `gate`: nothing may start. A server that cannot be asked is no
  /// error: what cannot be reached cannot be harmed.
  Result<void> first();
  /// When first() got no answer: asks again on `io` until there is one; `refused` is called at most once.
  void go_on(boost::asio::io_context& io, std::function<void(const Error&)> refused);

 private:
  boost::asio::awaitable<Result<void>> ask(boost::asio::any_io_executor executor);
  boost::asio::awaitable<void> ask_until_known(boost::asio::any_io_executor executor,
                                               std::function<void(const Error&)> refused);

  observe::Log& log_;
  std::optional<driver::StoreGate> gate_;
  bool known_ = false;
};

}  // namespace keyshift::cli
