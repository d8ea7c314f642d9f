#pragma once
#include <cstdint>
#include <fstream>
#include <string>

#include "checker/operation.hpp"

struct redisReply;

namespace keyshift::history {

/// The history as it is written: one line for each operation whose fate is decided.
class Journal {
 public:
  explicit Journal(const std::string& path) : out_(path, std::ios::app) {}
  void known(const Operation& operation);
  void unknown(Operation operation, const std::string& why);
  /// It did not run, its reply says so.
  void refused(Operation operation, const std::string& why);
  /// False when something could not be written.
  bool flush() { return static_cast<bool>(out_.flush()); }

  std::uint64_t written = 0, lost = 0, not_run = 0;

 private:
  std::ofstream out_;
};

Reply reply_of(const redisReply& from);
/// Monotonic, the same for every process of the machine.
Instant now();

}  // namespace keyshift::history
