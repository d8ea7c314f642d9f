// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "cli/store_check.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keyshift::cli {
namespace asio = boost::asio;
namespace {
constexpr Duration shortest_pause = milliseconds(200);
constexpr Duration longest_pause = seconds(10);
}  // namespace

std::optional<driver::StoreGate> gate_of(const Startup& startup) {
  if (!startup.migration && !startup.settings.given("mode")) return std::nullopt;
  driver::StoreGate gate;
  gate.upstream = startup.upstream;
  if (startup.source && !driver::same_address(*startup.source, startup.upstream)) gate.source = startup.source;
  gate.file = startup.settings.text("migration");
  gate.connection_name = "keyshift:" + startup.name + ":0.start";
  return gate;
}

StoreCheck::StoreCheck(const Startup& startup, observe::Log& log) : log_(log), gate_(gate_of(startup)) {}

asio::awaitable<Result<void>> StoreCheck::ask(asio::any_io_executor executor) {
  const auto passed = co_await driver::pass_gate(executor, *gate_);
  known_ = passed || passed.error().code == ErrorCode::gate;
  if (!passed) co_return passed.error();
  for (const std::string& doubt : *passed) log_.warning("not known", {{"what", doubt}});
  co_return Result<void>();
}

Result<void> StoreCheck::first() {
  if (!gate_) return {};
  Result<void> asked;
  asio::io_context io(1);
  asio::co_spawn(io, ask(io.get_executor()),
                 [&asked](std::exception_ptr, Result<void> answer) { asked = std::move(answer); });
  io.run();
  if (!asked && !known_)
    log_.warning("whether Redis has a control record is not known yet", {{"why", asked.error().what}});
  return known_ ? asked : Result<void>();
}

asio::awaitable<void> StoreCheck::ask_until_known(asio::any_io_executor executor,
                                                  std::function<void(const Error&)> refused) {
  asio::steady_timer timer(executor);
  for (Duration pause = shortest_pause; !known_; pause = std::min(2 * pause, longest_pause)) {
    boost::system::error_code ignored;
    timer.expires_after(pause);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto asked = co_await ask(executor);
    if (!asked && known_) refused(asked.error());
  }
}

void StoreCheck::go_on(asio::io_context& io, std::function<void(const Error&)> refused) {
  if (gate_ && !known_) asio::co_spawn(io, ask_until_known(io.get_executor(), std::move(refused)), asio::detached);
}

}  // namespace keyshift::cli
