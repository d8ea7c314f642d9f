#pragma once
#include <array>

#include "cli/demo_door.hpp"
#include "cli/demo_servers.hpp"

namespace keyshift::cli::demo {

/// The demo's proxies: they follow the control record, and each has its clients.
class Fleet {
 public:
  /// Starts them at the Redis on that port; `directory` outlives the fleet.
  static Result<Fleet> start(const WorkDirectory& directory, std::uint16_t redis_port);

  [[nodiscard]] ProxyPorts ports() const noexcept;
  [[nodiscard]] const ProxyServer& at(unsigned number) const { return servers_[number]; }

  /// kill -9, and started again on the same ports.
  void kill(unsigned number);
  Result<void> restart(unsigned number);
  /// SIGSTOP and SIGCONT.
  void freeze(unsigned number);
  void thaw(unsigned number);

  /// Asks those that can answer what their clients have moved.
  void look();
  /// Records that clients' commands have moved so far, either way. What a killed proxy had counted behind the last look
  /// is missing.
  [[nodiscard]] std::uint64_t moved_by_clients() const noexcept;
  /// Records that the sweep has moved in this phase.
  [[nodiscard]] std::uint64_t swept() const noexcept;
  /// The last one in front of `end` that only serves, as against the one that sweeps.
  [[nodiscard]] unsigned not_sweeping(unsigned end) const;

 private:
  struct Tally {
    std::uint64_t before = 0, now = 0;  ///< of processes that were killed, and of this one
    std::uint64_t swept = 0;
    bool awake = true, sweeps = false;
  };
  Fleet(const WorkDirectory& directory, std::uint16_t redis_port) : directory_(&directory), redis_port_(redis_port) {}
  const WorkDirectory* directory_;
  std::uint16_t redis_port_;
  std::array<ProxyServer, proxies> servers_;
  std::array<Tally, proxies> tallies_;
};

}  // namespace keyshift::cli::demo
