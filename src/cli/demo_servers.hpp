#pragma once
#include "cli/demo_process.hpp"

namespace keyshift::cli::demo {

/// The demo's own redis-server: on a free port of loopback, without persistence.
struct RedisServer {
  std::uint16_t port = 0;
  Child process;
  static Result<RedisServer> start(const WorkDirectory& directory);
};

/// `keyshift proxy` as a child: apps with old names, mode to-new, sweeping.
struct ProxyServer {
  std::uint16_t port = 0, admin = 0;
  Child process;
  /// `directory` has the migration file already, under migration_name.
  static Result<ProxyServer> start(const WorkDirectory& directory, std::uint16_t redis_port);
};
constexpr const char* migration_name = "migration.yaml";

/// Fills `records` records, and those that are used past the proxy, straight into Redis. Error `store`.
Result<void> fill(std::uint16_t redis_port, std::uint64_t records, std::uint64_t outside, std::int64_t epoch_ms);

/// Where the sweep stands, as the proxy's admin page tells it.
struct SweepView {
  std::uint64_t swept = 0, moved_by_clients = 0;
  double keys_per_second = 0;
  bool clean = false;
  std::string waits;  ///< why it is slower than it could be, or "none"
};
Result<SweepView> look(std::uint16_t admin_port);

}  // namespace keyshift::cli::demo
