#pragma once
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "proxy/engine/engine.hpp"
#include "proxy/net/options.hpp"

namespace keyshift::proxy {

/// The sockets of one worker: a thin shell around one Engine. It waits for readability, reads once into one large
/// buffer that all its connections share, hands the bytes over, and writes what became dirty with one gathered write
/// each. One thread runs it; request_drain() and request_stop() may be called from any.
class Worker {
 public:
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>;

  Worker(const ProxyOptions& options, const Key128& secret, std::atomic<std::size_t>& clients);
  ~Worker();

  /// Takes over listening sockets, already bound and listening.
  void listen_on(int descriptor);
  /// Serves until it has drained or is stopped.
  void run();
  void request_drain();
  void request_stop();

  [[nodiscard]] const EngineCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t sessions() const noexcept { return session_count_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t upstreams() const noexcept { return upstream_count_.load(std::memory_order_relaxed); }

 private:
  struct Connection;
  struct Listener;

  void accept(Listener& listener);
  void admit(Socket socket);
  void wait_read(Connection& c);
  void readable(Connection& c);
  void read_once(Connection& c, bool& again);
  void arm_write(Connection& c);
  void flush(Connection& c);
  void flush_sessions();
  void flush_upstreams(bool all);
  void after_event();
  void carry_out_actions();
  void connect(Upstream& upstream);
  void connect_to(Connection& c, const boost::asio::generic::stream_protocol::endpoint& address);
  void connected(Connection& c, const boost::system::error_code& error);
  void close(Connection& c, bool write_rest);
  void lost(Connection& c, const char* why);
  void tick();
  void arm_tick(Duration after);
  void busy();

  const ProxyOptions& options_;
  boost::asio::io_context context_;
  commands::Table table_;
  EngineCounters counters_;
  Engine engine_;
  std::vector<char> buffer_;  ///< every read of every connection goes here; used up before the next
  std::vector<std::unique_ptr<Listener>> listeners_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      timer_;
  boost::asio::ip::tcp::resolver resolver_;
  Time now_{};
  Time stop_at_{};
  bool flush_posted_ = false;
  bool draining_ = false;
  bool fast_ticks_ = true;
  bool worked_ = false;  ///< something was read since the last tick
  std::size_t open_connections_ = 0;
  std::atomic<std::size_t>& clients_;
  std::atomic<std::size_t> session_count_{0}, upstream_count_{0};
};

}  // namespace keyshift::proxy
