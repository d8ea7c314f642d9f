#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/url.hpp"

namespace keyshift::store {

/// The bytes to and from one server: TCP or unix socket; the place where TLS goes in.
/// Time limits are kept by one watchdog per stream that closes it, so that a limit costs no system call per operation.
/// One coroutine at a time; everything on the executor's one thread.
class Stream {
 public:
  explicit Stream(boost::asio::any_io_executor executor);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  /// Connects to what `url` names (the first of its host's addresses that answers), in at most `limit`.
  boost::asio::awaitable<Result<void>> connect(const Url& url, Duration limit);

  /// Writes all of `bytes`, which stay where they are until it returns.
  boost::asio::awaitable<Result<void>> write(BytesView bytes, Duration limit);

  /// Waits until something can be read, then reads once, at most `room` bytes. The end of the stream is an error.
  boost::asio::awaitable<Result<std::size_t>> read(char* into, std::size_t room, Duration limit);

  /// Ends what waits with an error. Idempotent.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace keyshift::store
