// g++ 12 sees null operations in Asio's scheduler when it inlines it here; the warning speaks of code that is not ours.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include "store/stream.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keyshift::store {
namespace asio = boost::asio;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

struct Stream::State : std::enable_shared_from_this<State> {
  explicit State(const asio::any_io_executor& executor) : socket(executor), resolver(executor), watchdog(executor) {}

  /// From now on the stream is closed at `now + limit`, until idle().
  void limit(Duration how_long) {
    deadline = std::chrono::steady_clock::now() + how_long;
    if (!watching || watchdog.expiry() > deadline) watch();
  }
  void idle() noexcept { deadline = Time::max(); }

  void watch() {
    watching = true;
    watchdog.expires_at(deadline);
    watchdog.async_wait([self = shared_from_this()](error_code code) {
      if (code) return;  // rearmed or closed: whoever did that watches on
      self->watching = false;
      if (std::chrono::steady_clock::now() >= self->deadline) {
        self->late = true;
        self->close();
      } else if (self->deadline != Time::max()) {
        self->watch();
      }
    });
  }

  void close() noexcept {
    error_code ignored;
    socket.close(ignored);
    resolver.cancel();
    closed = true;
    watching = false;
    watchdog.cancel();
  }

  [[nodiscard]] Error lost(const error_code& code) const {
    if (late) return fail(ErrorCode::upstream, "no answer in time");
    if (code == asio::error::eof) return fail(ErrorCode::upstream, "the server closed the connection");
    if (closed || code == asio::error::operation_aborted) return fail(ErrorCode::upstream, "the connection was closed");
    return fail(ErrorCode::upstream, code.message());
  }

  asio::awaitable<error_code> attempt(Socket::endpoint_type endpoint) {
    error_code code;
    socket.close(code);
    socket = Socket(socket.get_executor());
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, code));
    co_return code;
  }

  asio::awaitable<error_code> connect_tcp(Address address) {
    error_code code;
    const auto numeric = asio::ip::make_address(address.host, code);
    if (!code) co_return co_await attempt(asio::ip::tcp::endpoint(numeric, address.port));
    const auto found = co_await resolver.async_resolve(address.host, std::to_string(address.port),
                                                       asio::redirect_error(asio::use_awaitable, code));
    if (code) co_return code;
    for (const auto& entry : found) {
      code = co_await attempt(entry.endpoint());
      if (!code || closed) break;
    }
    co_return code;
  }

  Socket socket;
  asio::ip::tcp::resolver resolver;
  asio::steady_timer watchdog;
  Time deadline = Time::max();
  bool watching = false;
  bool late = false;
  bool closed = false;
};

Stream::Stream(asio::any_io_executor executor) : state_(std::make_shared<State>(executor)) {}
Stream::~Stream() { close(); }
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

asio::awaitable<Result<void>> Stream::connect(const Url& url, Duration limit) {
  const auto state = state_;
  if (url.tls) co_return fail(ErrorCode::usage, "rediss:// is not served yet");
  state->limit(limit);
  error_code code;
  if (url.kind == Url::Kind::unix_socket) {
    constexpr std::size_t longest = 107;  // sun_path less its NUL
    if (url.path.size() > longest) co_return fail(ErrorCode::usage, "the path of the unix socket is too long");
    code = co_await state->attempt(asio::local::stream_protocol::endpoint(url.path));
  } else if (url.kind == Url::Kind::tcp) {
    code = co_await state->connect_tcp(url.addresses.front());
  } else {
    co_return fail(ErrorCode::usage, "redis+sentinel:// and redis+cluster:// are not served yet");
  }
  state->idle();
  if (code) co_return state->lost(code);
  if (state->closed) co_return state->lost(asio::error::operation_aborted);
  state->socket.non_blocking(true, code);
  if (url.kind == Url::Kind::tcp) state->socket.set_option(asio::ip::tcp::no_delay(true), code);
  co_return Result<void>();
}

asio::awaitable<Result<void>> Stream::write(BytesView bytes, Duration limit) {
  const auto state = state_;
  while (!bytes.empty()) {
    error_code code;
    const auto written = state->socket.write_some(asio::buffer(bytes), code);
    bytes.remove_prefix(written);
    if (code == asio::error::would_block) {
      state->limit(limit);
      co_await state->socket.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, code));
      state->idle();
    }
    if (code) co_return state->lost(code);
  }
  co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> Stream::read(char* into, std::size_t room, Duration limit) {
  const auto state = state_;
  for (;;) {
    error_code code;
    state->limit(limit);
    co_await state->socket.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, code));
    state->idle();
    if (code) co_return state->lost(code);
    const auto taken = state->socket.read_some(asio::buffer(into, room), code);
    if (code == asio::error::would_block) continue;
    if (code) co_return state->lost(code);
    co_return taken;
  }
}

void Stream::close() noexcept {
  if (state_ && !state_->closed) state_->close();
}

bool Stream::is_open() const noexcept { return state_ && !state_->closed && state_->socket.is_open(); }

}  // namespace keyshift::store
