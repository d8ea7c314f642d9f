#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "histogram.hpp"
#include "options.hpp"
#include "records.hpp"

namespace keyshift::bench {

/// What was measured between the end of the warm-up and the end of the run.
struct Result {
  std::uint64_t requests = 0;
  double seconds = 0;
  double own_cpu = 0;               ///< seconds of CPU of the generator itself
  std::vector<double> watched_cpu;  ///< seconds of CPU of each watched process
  Histogram latency;                ///< of a batch: from its write to its last reply
  std::string error;                ///< why the run ended early; empty: it did not
};

/// A closed loop over many connections in one thread: each sends a batch, awaits all replies, checks every byte of
/// them.
class Generator {
 public:
  explicit Generator(const Options& options);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  Result run();

 private:
  struct Connection;
  bool open_all();
  void send_batch(Connection& connection);
  void write(Connection& connection, const char* data, std::size_t size);
  void receive(Connection& connection);
  bool check(Connection& connection, const char* data, std::size_t size);
  void fail(std::string why);
  void sample(Result& into) const;
  std::uint64_t next_record();

  const Options& options_;
  Records records_;
  bool once_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<char> buffer_;
  std::string batch_;
  std::uint64_t requests_ = 0;
  std::uint64_t taken_ = 0;  ///< records, when each is taken once
  std::uint64_t random_ = 88172645463325252ULL;
  std::size_t active_ = 0;  ///< connections that wait for replies
  Histogram latency_;
  std::string error_;
};

}  // namespace keyshift::bench
