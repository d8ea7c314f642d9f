#pragma once
#include <memory>
#include <vector>

#include "cli/demo_door.hpp"
#include "cli/demo_process.hpp"

namespace keyshift::cli::demo {

struct LoadOptions {
  std::uint64_t records = 0;
  unsigned clients = 1;
  ProxyPorts proxy_ports{};
  std::uint16_t redis_port = 0;
  std::int64_t epoch_ms = 0;
  std::string directory;  ///< where each client writes down what must be at the server
};

/// Records that no rule concerns, for each client: they are used past the proxy, to compare latencies.
constexpr std::uint64_t outside_per_client = 1000;

/// How steps at one proxy ended that have no known outcome, and how many clients are connected to it.
struct DoorTotals {
  std::uint64_t unsure = 0, cut = 0, late = 0, clients = 0;
  [[nodiscard]] std::uint64_t unknown() const noexcept { return unsure + cut + late; }
};

/// Sums over all clients at one moment.
struct LoadTotals {
  std::array<DoorTotals, proxies> doors;
  std::uint64_t reads = 0, writes = 0, errors = 0, wrong = 0;
  LatencyCounts through{}, direct{};
  std::string problem;  ///< the first one of the first client that has one
  [[nodiscard]] std::uint64_t commands() const noexcept { return reads + writes; }
  [[nodiscard]] std::uint64_t unknown() const noexcept {
    std::uint64_t sum = 0;
    for (const DoorTotals& door : doors) sum += door.unknown();
    return sum;
  }
};

/// The load: one process for each client, each with an ordinary blocking client library, one connection to one of the
/// proxies and one to Redis, and records of its own. They work at an even pace, so that latencies are those of a server
/// that is used, not of one that is beaten. At each proxy there are clients that wait for half a minute and such that
/// give up after a second.
class Load {
 public:
  /// Starts the processes; to be called while this process has a single thread.
  static Result<Load> start(const LoadOptions& options);

  [[nodiscard]] LoadTotals totals() const;
  /// True while every client works.
  bool running();
  /// Lets the clients end, each behind its last answer, and waits until they have written down what they know: records
  /// are expected under `names`. False when one has failed.
  bool finish(Names names);
  /// Puts what they have written into one file.
  [[nodiscard]] Result<void> collect(const std::string& file) const;

 private:
  struct Shared;
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(Shared* shared) const noexcept;
  };
  Load(LoadOptions options, std::unique_ptr<Shared, Unmap> shared)
      : options_(std::move(options)), shared_(std::move(shared)) {}
  int client(unsigned number);
  int work(unsigned number, Redis redis);
  int trouble(unsigned number, const std::string& what);
  LoadOptions options_;
  std::unique_ptr<Shared, Unmap> shared_;
  std::vector<Child> children_;
};

}  // namespace keyshift::cli::demo
