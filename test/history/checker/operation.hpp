#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "reply.hpp"

namespace keyshift::history {

/// Nanoseconds of one monotonic clock, the same for all clients of a history.
using Instant = std::int64_t;
/// Of an operation: its end is not known, it may run at any later moment or never. Of a record: it does not expire.
constexpr Instant never = std::numeric_limits<Instant>::max();

using Words = std::vector<std::string>;

/// One command, or the commands of one transaction, as one client sent it and was answered.
struct Operation {
  std::uint32_t client = 0;  ///< one connection; a client that connects again gets another number
  std::int32_t proxy = -1;   ///< which of the ports it went through; -1: none
  Instant begin = 0;         ///< before its first byte was written
  Instant end = never;       ///< behind the last byte of its reply; never: outcome unknown
  std::vector<Words> commands;
  std::vector<Reply> replies;  ///< one for each command; empty when the outcome is unknown
  bool transaction = false;    ///< it went as MULTI ... EXEC
  std::string note;            ///< why the outcome is unknown
  std::size_t line = 0;        ///< where it stands in the file

  [[nodiscard]] bool known() const noexcept { return end != never; }
};

using History = std::vector<Operation>;

/// For people: `GET user:1 -> "a"`, `MULTI [GET user:1 -> "a"; SET user:1 b -> OK]`.
std::string show(const Operation& operation);

}  // namespace keyshift::history
