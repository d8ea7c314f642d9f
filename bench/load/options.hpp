#pragma once
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace keyshift::bench {

/// fill writes and touch reads every record once, in order; get and set take them at random for a time.
enum class Command { get, set, fill, touch };

/// What one run of the load generator does.
struct Options {
  std::string host = "127.0.0.1";
  int port = 6379;
  Command command = Command::get;
  std::size_t connections = 1;
  std::size_t pipeline = 1;      ///< requests sent at once; all their replies are awaited before the next batch
  std::size_t value_bytes = 64;  ///< at least 16
  std::size_t keys = 10000;
  std::string key = "key:{}";  ///< {} is the number of the record
  double warmup = 0.2, seconds = 1;
  std::vector<std::pair<std::string, pid_t>> watched;  ///< processes whose CPU time is taken over the measured time
};

/// Reads argv; ends the program with a usage text and status 2 on what it does not know.
Options parse_options(int argc, char** argv);

}  // namespace keyshift::bench
