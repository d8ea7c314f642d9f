#pragma once
#include <memory>

#include "base/result.hpp"
#include "control/serving.hpp"
#include "proxy/engine/engine_counters.hpp"
#include "proxy/net/options.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::proxy {

/// What a proxy shows of itself: numbers only, taken at one moment, over all workers.
struct StatusSnapshot {
  bool listening = false;
  bool draining = false;
  std::size_t client_connections = 0;
  std::size_t upstream_connections = 0;
  std::vector<std::string> listeners;  ///< as bound: with the port that the system chose for port 0
};

/// The sidecar: worker threads, each with its own listener, sessions and upstream connections.
/// start(), turn() and drain() are called from one thread; status() and counters() from any.
class Proxy {
 public:
  explicit Proxy(ProxyOptions options);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  /// Binds all listeners and starts the workers. On error nothing listens. Redis need not be there yet.
  Result<void> start();
  /// Every worker acts on `serving` from now on, those too that start() has still to begin. Returns at once.
  void turn(std::shared_ptr<const control::Serving> serving);
  /// Stops listening, answers what is in flight, closes; after drain_timeout what is left is cut.
  void drain();
  /// Returns when all workers have ended (after drain()).
  void wait();

  [[nodiscard]] StatusSnapshot status() const;
  /// One block of counters per worker; they live as long as the proxy.
  [[nodiscard]] std::vector<const EngineCounters*> counters() const;
  /// The rows known at build time: names for the counters. What a worker learnt from its server has ids behind them.
  [[nodiscard]] const commands::Table& table() const noexcept;
  [[nodiscard]] const ProxyOptions& options() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyshift::proxy
