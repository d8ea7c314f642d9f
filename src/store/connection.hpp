#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "resp/reply.hpp"
#include "resp/reply_framer.hpp"
#include "store/handshake.hpp"
#include "store/stream.hpp"
#include "store/url.hpp"

namespace keyshift::store {

struct ConnectOptions {
  std::string name;             ///< given by the caller: "keyshift:<proxy>:<epoch>.<word>" or a form of it
  std::optional<int> database;  ///< unset: that of the URL
  resp::Protocol protocol = resp::Protocol::resp2;
  Duration connect_limit = seconds(3);  ///< for the address, the socket and the handshake, each
  Duration request_limit = seconds(5);  ///< from a request to each next byte of its answer
  std::size_t reply_bytes = 64u << 20;  ///< a longer reply breaks the connection
};

/// One connection of our own to a server, for the few who speak to Redis in their own name: sweeper, driver, CLI.
///
/// Requests are pipelined: ask() or send() any number of commands in one buffer; replies come in their order. An error
/// means that the connection is broken: it says where to and how many commands were in flight, whose outcome is
/// unknown; nothing is ever sent twice. Replies that are errors of Redis are replies. Pushes are dropped.
/// One coroutine at a time, on the executor's one thread.
class Connection {
 public:
  /// Connects, authenticates, takes its name and database, asks for the role.
  static boost::asio::awaitable<Result<std::unique_ptr<Connection>>> open(boost::asio::any_io_executor executor,
                                                                          Url url, ConnectOptions options);

  /// Writes `commands` (whole, encoded by resp::append_command) and waits for their `replies` replies.
  boost::asio::awaitable<Result<std::vector<resp::Reply>>> ask(Bytes commands, std::size_t replies);
  /// One command, one reply.
  boost::asio::awaitable<Result<resp::Reply>> ask(std::vector<Bytes> argv);

  /// The same in two halves, without trees: writes commands that get `replies` replies. `commands` stay in place
  /// until it returns.
  boost::asio::awaitable<Result<void>> send(BytesView commands, std::size_t replies);
  /// Waits for bytes and reads once. Only while in_flight() is not 0.
  boost::asio::awaitable<Result<void>> fill();
  /// The next whole reply that fill() has read, as its bytes; none: fill() again. Valid until the next fill() or ask().
  /// An error when the bytes are not RESP: the connection is broken.
  Result<std::optional<BytesView>> take();

  /// Commands written whose reply was not taken yet.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] resp::Protocol protocol() const noexcept { return protocol_; }
  [[nodiscard]] bool is_open() const noexcept { return stream_.is_open(); }
  /// Hands its stream to somebody who speaks something else than RESP on it (a replication stream). Only while
  /// in_flight() is 0; the connection is closed behind it.
  Stream release() noexcept;
  /// Ends what waits with an error. Idempotent.
  void close() noexcept { stream_.close(); }

 private:
  Connection(const boost::asio::any_io_executor& executor, Url url, ConnectOptions options);
  boost::asio::awaitable<Result<void>> greet();
  Error broken(const Error& why);

  Url url_;
  ConnectOptions options_;
  Stream stream_;
  resp::ReplyFramer framer_;
  Bytes buffer_;            ///< read bytes; [begin_, end_) are not taken yet
  std::size_t begin_ = 0;   ///< first byte of the reply that is being framed
  std::size_t framed_ = 0;  ///< the framer has seen the bytes before this
  std::size_t end_ = 0;
  std::size_t in_flight_ = 0;
  resp::Protocol protocol_ = resp::Protocol::resp2;
  Role role_ = Role::unknown;
};

}  // namespace keyshift::store
