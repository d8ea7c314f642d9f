#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace keyshift::driver {

/// Runs one coroutine to its end on this thread. `give_up` is asked twenty times a second; true: error `system`, and
/// what is left of the coroutine goes with `io`, which must not be run again.
template <class T, class GiveUp>
Result<T> wait_for(boost::asio::io_context& io, boost::asio::awaitable<Result<T>> work, GiveUp give_up) {
  // Lives as long as the coroutine, which may be left behind.
  struct State {
    std::optional<Result<T>> out;
    bool ended = false;
  };
  const auto state = std::make_shared<State>();
  boost::asio::co_spawn(io, std::move(work), [state](std::exception_ptr failure, Result<T> result) {
    state->ended = true;
    if (!failure) state->out.emplace(std::move(result));
  });
  while (!state->ended) {
    if (give_up()) return fail(ErrorCode::system, "stopped");
    io.restart();
    io.run_one_for(milliseconds(50));
  }
  if (!state->out) return fail(ErrorCode::system, "it ended by an internal failure");
  return std::move(*state->out);
}

}  // namespace keyshift::driver
