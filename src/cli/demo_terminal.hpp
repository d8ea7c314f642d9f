#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/demo_process.hpp"

namespace keyshift::cli::demo {

/// What a command of this program said.
struct Typed {
  std::string line;        ///< "keyshift start"
  double at = 0;           ///< when, in seconds since the clients began
  double seconds = 0;      ///< how long it took
  int code = 0;            ///< its exit code
  nlohmann::json said;     ///< its --json; null where there is none
  std::string complaints;  ///< its standard error
};

/// Where the demo is the operator: runs this very program as a person would type it, against the demo's Redis.
class Terminal {
 public:
  Terminal(const WorkDirectory& directory, std::uint16_t redis_port) : directory_(directory), redis_port_(redis_port) {}

  /// Starts `keyshift WORDS... --upstream URL --json`. One at a time.
  Result<void> type(std::vector<std::string> words);
  /// True while that one runs.
  bool busy() { return child_.running(); }
  /// What it has said, once it is not busy any more. `at` is left to the caller.
  Typed read();

 private:
  const WorkDirectory& directory_;
  std::uint16_t redis_port_;
  Child child_;
  Typed typed_;
  std::string out_, errors_;  ///< files
  Time begun_{};
  unsigned count_ = 0;
};

}  // namespace keyshift::cli::demo
