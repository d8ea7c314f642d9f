#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace keyshift {

/// How loud an error is in the log.
enum class Severity : std::uint8_t { debug, info, warning, error };

/// The one list of errors: name, first word of the reply to an app (or empty when it never reaches one),
/// label in metrics, severity in the log, what a user can do. docs/errors.md is generated from it.
#define KEYSHIFT_ERRORS(X)                                                                                           \
  X(protocol, "ERR", "protocol", debug, "the client sent bytes that are not RESP; it is disconnected as Redis does") \
  X(too_large, "ERR", "too-large", info, "raise the limit named in the message, or send less at once")               \
  X(refused, "KSREFUSED", "refused", info, "the message names rule and reason; docs/commands.md says what to do")    \
  X(busy, "KSBUSY", "busy", info, "a hold or a big move took longer than the bound; send the command again")         \
  X(control, "KSCONTROL", "control", warning, "the control record cannot be reached or understood; try again")       \
  X(upstream, "KSUPSTREAM", "upstream", warning,                                                                     \
    "Redis is unreachable, or the outcome is unknown: look before you repeat a write")                               \
  X(file, "", "file", error, "correct the file at the place named")                                                  \
  X(usage, "", "usage", error, "see keyshift help")                                                                  \
  X(gate, "", "gate", warning, "do what the reasons say, then repeat the command")                                   \
  X(store, "", "store", error, "look at the Redis server named in the message")                                      \
  X(system, "", "system", error, "the operating system refused; the message says what")

enum class ErrorCode : std::uint8_t {
#define X(name, word, label, severity, remedy) name,
  KEYSHIFT_ERRORS(X)
#undef X
};

/// One row of the list above, for docs, metrics and logs. The views are literals.
struct ErrorRow {
  ErrorCode code;
  std::string_view name;
  std::string_view word;
  std::string_view label;
  Severity severity;
  std::string_view remedy;
};

/// The row of `code`; never fails.
const ErrorRow& error_row(ErrorCode code) noexcept;

/// What went wrong, where, and what to do: `what` is a sentence for people, without the first word.
struct Error {
  ErrorCode code = ErrorCode::system;
  std::string what;
};

/// "-WORD what\r\n": the error as a RESP reply. CR and LF inside `what` become spaces.
std::string to_reply(const Error& error);

}  // namespace keyshift
