#pragma once
#include "cli/demo_process.hpp"

namespace keyshift::cli::demo {

/// The demo's own redis-server: on a free port of loopback, without persistence.
struct RedisServer {
  std::uint16_t port = 0;
  Child process;
  static Result<RedisServer> start(const WorkDirectory& directory);
};

/// One `keyshift proxy` as a child: apps with old names, and all else from the control record. On the same ports
/// however often it is started.
class ProxyServer {
 public:
  static Result<ProxyServer> create(unsigned number);
  /// Error `system` when it does not answer within ten seconds.
  Result<void> start(const WorkDirectory& directory, std::uint16_t redis_port);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint16_t admin() const noexcept { return admin_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  Child process;

 private:
  std::uint16_t port_ = 0, admin_ = 0;
  std::string name_;
};

/// Fills `records` records, and those that are used past the proxy, straight into Redis. Error `store`.
Result<void> fill(std::uint16_t redis_port, std::uint64_t records, std::uint64_t outside, std::int64_t epoch_ms);

/// What a proxy says of itself on its admin port.
struct ProxyPage {
  std::uint64_t moved_by_clients = 0;  ///< records that commands have moved since it was started, either way
  std::uint64_t swept = 0;             ///< records that the sweep of this phase has moved, as far as this proxy knows
  bool sweeps = false;                 ///< it, and not another one
};
Result<ProxyPage> page_of(const ProxyServer& proxy);

}  // namespace keyshift::cli::demo
