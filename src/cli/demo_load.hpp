#pragma once
#include <memory>
#include <vector>

#include "cli/demo_process.hpp"
#include "cli/demo_slice.hpp"

namespace keyshift::cli::demo {

struct LoadOptions {
  std::uint64_t records = 0;
  unsigned clients = 1;
  std::uint16_t proxy_port = 0, redis_port = 0;
  std::int64_t epoch_ms = 0;
  std::string directory;  ///< where each client writes down what must be at the server
};

/// Records that no rule concerns, for each client: they are used past the proxy, to compare latencies.
constexpr std::uint64_t outside_per_client = 1000;

/// Sums over all clients at one moment.
struct LoadTotals {
  std::uint64_t reads = 0, writes = 0, errors = 0, wrong = 0;
  LatencyCounts through{}, direct{};
  std::string problem;  ///< the first one of the first client that has one
  [[nodiscard]] std::uint64_t commands() const noexcept { return reads + writes; }
};

/// The load: one process for each client, each with an ordinary blocking client library, one connection to the proxy
/// and one to Redis, and records of its own. They work at an even pace, so that latencies are those of a server
/// that is used, not of one that is beaten.
class Load {
 public:
  /// Starts the processes; to be called while this process has a single thread.
  static Result<Load> start(const LoadOptions& options);

  [[nodiscard]] LoadTotals totals() const;
  /// True while every client works.
  bool running();
  /// Lets the clients end, each behind its last answer, and waits until they have written down what they know. False
  /// when one has failed.
  bool finish();
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
  LoadOptions options_;
  std::unique_ptr<Shared, Unmap> shared_;
  std::vector<Child> children_;
};

}  // namespace keyshift::cli::demo
