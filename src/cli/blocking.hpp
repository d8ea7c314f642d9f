#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <utility>

#include "base/result.hpp"

namespace keyshift::cli {

/// Runs one piece of work to its end on this thread: `work` is called with an executor and gives an awaitable of
/// Result<Value>. For commands that do one thing.
template <class Value, class Work>
Result<Value> blocking(Work work) {
  boost::asio::io_context io(1);
  Result<Value> out = fail(ErrorCode::system, "an internal failure ended it (no memory?)");
  boost::asio::co_spawn(io, work(io.get_executor()), [&out](std::exception_ptr failure, Result<Value> answer) {
    if (!failure) out = std::move(answer);
  });
  io.run();
  return out;
}

}  // namespace keyshift::cli
