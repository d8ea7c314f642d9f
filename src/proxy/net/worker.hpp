#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/engine/engine.hpp"
#include "proxy/net/mailbox.hpp"
#include "proxy/net/options.hpp"
#include "proxy/net/poller.hpp"

namespace keyshift::proxy {

/// The sockets of one worker: a thin shell around one Engine. It waits until sockets are readable, reads each once into
/// one large buffer that all its connections share, hands the bytes over, and when all that was ready has been read,
/// writes what became dirty with one gathered write each. One thread runs it; turn(), request_drain() and
/// request_stop() may be called from any.
class Worker {
 public:
  Worker(const ProxyOptions& options, const Key128& secret, std::atomic<std::size_t>& clients);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Takes over a listening socket, already bound, listening and non-blocking.
  void listen_on(int descriptor);
  /// Serves until it has drained or is stopped.
  void run();
  void turn(std::shared_ptr<const control::Serving> serving);
  void request_drain();
  void request_stop();

  [[nodiscard]] const EngineCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t sessions() const noexcept { return session_count_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t upstreams() const noexcept { return upstream_count_.load(std::memory_order_relaxed); }

 private:
  struct Watched;
  struct Connection;

  // worker.cpp: the loop, reading
  void serve(const epoll_event& event);
  void serve_connection(Connection& c, std::uint32_t events);
  void read(Connection& c);
  void after_event();
  void carry_out_actions();
  void tick();
  void busy();
  [[nodiscard]] int wait_ms() const noexcept;
  void drain();

  // worker_accept.cpp: clients come
  void accept(Watched& listener);
  void admit(int descriptor);
  void pause_listeners();
  void resume_listeners();

  // worker_connect.cpp: connections to the server
  void connect(Upstream& upstream);
  void resolve(Connection& c);
  void connect_to(Connection& c, const struct sockaddr* address, unsigned length);
  void connected(Connection& c);

  // worker_write.cpp: what is dirty goes out; connections end
  void flush_all();
  void flush(Connection& c);
  void write_out(Connection& c);
  void update_interest(Connection& c);
  void lost(Connection& c, const char* why);
  void close(Connection& c);
  void bury();

  const ProxyOptions& options_;
  Poller poller_;
  std::shared_ptr<Mailbox> mailbox_;
  commands::Table table_;
  EngineCounters counters_;
  Engine engine_;
  std::vector<char> buffer_;  ///< reads go here one behind the other, until all is flushed
  std::size_t filled_ = 0;
  std::unique_ptr<Watched> mail_watch_;
  std::vector<std::unique_ptr<Watched>> listeners_;
  std::vector<Connection*> connections_;                     ///< owned; each knows its place
  std::vector<Connection*> closed_;                          ///< owned until the events of this turn are over
  std::vector<std::pair<Connection*, std::string>> failed_;  ///< connections that could not even be begun
  std::map<std::uint64_t, Connection*> resolving_;           ///< by id of the upstream
  Time now_{};
  Time next_tick_{};
  Time stop_at_{};
  bool stopped_ = false;
  bool draining_ = false;
  bool listeners_paused_ = false;  ///< out of descriptors: nobody is accepted until the next tick
  bool fast_ticks_ = true;
  bool worked_ = false;  ///< something was read since the last tick
  std::atomic<std::size_t>& clients_;
  std::atomic<std::size_t> session_count_{0}, upstream_count_{0};
};

}  // namespace keyshift::proxy
