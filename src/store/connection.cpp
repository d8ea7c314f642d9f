#include "store/connection.hpp"

#include <algorithm>
#include <cstring>

#include "resp/encode.hpp"

namespace keyshift::store {
namespace asio = boost::asio;
namespace {
constexpr std::size_t kReadRoom = 16 * 1024;
}

Connection::Connection(const asio::any_io_executor& executor, Url url, ConnectOptions options)
    : url_(std::move(url)), options_(std::move(options)), stream_(executor) {}

asio::awaitable<Result<std::unique_ptr<Connection>>> Connection::open(asio::any_io_executor executor, Url url,
                                                                      ConnectOptions options) {
  std::unique_ptr<Connection> connection(new Connection(executor, std::move(url), std::move(options)));
  const auto connected = co_await connection->stream_.connect(connection->url_, connection->options_.connect_limit);
  if (!connected) co_return connection->broken(connected.error());
  const auto greeted = co_await connection->greet();
  if (!greeted) co_return greeted.error();
  co_return connection;
}

asio::awaitable<Result<void>> Connection::greet() {
  Greeting greeting{url_.user, url_.password, options_.name, options_.database.value_or(url_.database),
                    options_.protocol};
  Handshake handshake(std::move(greeting));
  for (;;) {
    Bytes commands;
    const std::size_t expected = handshake.next(commands);
    if (expected == 0) break;
    const auto replies = co_await ask(std::move(commands), expected);
    if (!replies) co_return replies.error();
    const auto taken = handshake.take(*replies);
    if (!taken) co_return broken(taken.error());
  }
  protocol_ = handshake.protocol();
  role_ = handshake.role();
  co_return Result<void>();
}

asio::awaitable<Result<std::vector<resp::Reply>>> Connection::ask(Bytes commands, std::size_t replies) {
  const auto sent = co_await send(commands, replies);
  if (!sent) co_return sent.error();
  std::vector<resp::Reply> trees;
  trees.reserve(replies);
  while (trees.size() < replies) {
    const auto raw = take();
    if (!raw) co_return raw.error();
    if (!raw->has_value()) {
      const auto filled = co_await fill();
      if (!filled) co_return filled.error();
      continue;
    }
    auto tree = resp::parse_reply(**raw);
    if (!tree) co_return broken(tree.error());
    trees.push_back(std::move(tree).value());
  }
  co_return trees;
}

asio::awaitable<Result<resp::Reply>> Connection::ask(std::vector<Bytes> argv) {
  const std::vector<BytesView> views(argv.begin(), argv.end());
  Bytes command;
  resp::append_command(command, views);
  auto replies = co_await ask(std::move(command), 1);
  if (!replies) co_return replies.error();
  co_return std::move(replies->front());
}

asio::awaitable<Result<void>> Connection::send(BytesView commands, std::size_t replies) {
  in_flight_ += replies;
  const auto written = co_await stream_.write(commands, options_.request_limit);
  if (!written) co_return broken(written.error());
  co_return Result<void>();
}

asio::awaitable<Result<void>> Connection::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    framed_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ > options_.reply_bytes) co_return broken(fail(ErrorCode::upstream, "a reply is longer than the limit"));
  if (buffer_.size() - end_ < kReadRoom) buffer_.resize(std::max(buffer_.size() * 2, end_ + kReadRoom));
  const auto read = co_await stream_.read(buffer_.data() + end_, buffer_.size() - end_, options_.request_limit);
  if (!read) co_return broken(read.error());
  end_ += *read;
  co_return Result<void>();
}

Result<std::optional<BytesView>> Connection::take() {
  while (framed_ < end_) {
    const auto fed = framer_.feed(BytesView(buffer_).substr(framed_, end_ - framed_));
    framed_ += fed.taken;
    if (fed.step == resp::ReplyFramer::Step::bad)
      return broken(fail(ErrorCode::upstream, "the server sent bytes that are not RESP"));
    if (fed.step == resp::ReplyFramer::Step::more) break;
    const BytesView reply = BytesView(buffer_).substr(begin_, framed_ - begin_);
    begin_ = framed_;
    if (framer_.push()) continue;
    if (in_flight_ == 0) return broken(fail(ErrorCode::upstream, "the server sent a reply that nobody asked for"));
    --in_flight_;
    return std::optional(reply);
  }
  return std::optional<BytesView>();
}

Stream Connection::release() noexcept {
  Stream released = std::move(stream_);
  return released;
}

Error Connection::broken(const Error& why) {
  stream_.close();
  std::string what = url_.printed() + ": " + why.what;
  if (in_flight_ > 0) what += " (" + std::to_string(in_flight_) + " commands in flight, their outcome is unknown)";
  return fail(why.code, std::move(what));
}

}  // namespace keyshift::store
