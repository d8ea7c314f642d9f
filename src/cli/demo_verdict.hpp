#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace keyshift::cli::demo {

/// What one line of the file of expectations says: fields between tabs, without tabs or line ends in them:
///   NAME, OTHER NAME, KIND (hash, string, list or gone), EXPIRY (milliseconds since 1970; 0: none), PARTS...
/// A hash's parts are its fields and values in turn. A line that begins with the field `or` says what else the record
/// of the line in front of it may be: its last write has no known outcome. Behind the lines of one client there is
/// `end` and the count of its records, so that a file that was cut off is seen. The views live as long as the text.
struct Expectation {
  std::string_view name, other_name, kind;
  std::int64_t expires_at = 0;
  std::vector<std::string_view> parts;
};
Result<Expectation> read_expectation(std::string_view line);

/// What was found at the server.
struct Verdict {
  std::uint64_t expected = 0;  ///< records that must be there
  std::uint64_t right = 0;     ///< of them: under their new name with their value and expiry
  std::uint64_t missing = 0, wrong_value = 0, wrong_expiry = 0;
  std::uint64_t deleted = 0;          ///< records that clients deleted
  std::uint64_t back = 0;             ///< of them: there all the same
  std::uint64_t unsure = 0;           ///< records whose last write has no known outcome
  std::uint64_t neither = 0;          ///< of them: neither as they are with it nor as they are without it
  std::uint64_t under_other = 0;      ///< records of any kind that (also) have their other name
  std::uint64_t quarantined = 0;      ///< losers of conflicts; there must be none
  std::uint64_t reserved = 0;         ///< Keyshift's own keys besides
  std::uint64_t strangers = 0;        ///< keys that nobody expects
  std::vector<std::string> problems;  ///< the first ten, for people; names, never values
  [[nodiscard]] bool passed() const noexcept;
};
nlohmann::json verdict_document(const Verdict& verdict);

/// Holds the Redis on `port` against `text`, reading from it directly. Errors: `file`, `store`.
Result<Verdict> judge(std::string_view text, std::uint16_t port);

}  // namespace keyshift::cli::demo
