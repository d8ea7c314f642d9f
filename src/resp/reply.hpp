#pragma once
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace keyshift::resp {

/// The two protocols a connection may speak after HELLO.
enum class Protocol : std::uint8_t { resp2 = 2, resp3 = 3 };

/// A reply as a tree, for the few that must be understood. Owns all it holds.
/// `type` is the RESP type byte; a null is '_' whether it came as "$-1", "*-1" or "_" (see `null_form`).
struct Reply {
  char type = '_';
  std::int64_t integer = 0;  ///< ':' and '#'
  Bytes text;                ///< '+', '-', '$', '!', '=' (without the "txt:"), ',' and '(' as written
  char format[4] = {};       ///< '=': "txt" or "mkd"
  char null_form = '_';      ///< how a null came: '$', '*' or '_'
  std::vector<Reply>
      elements;  ///< '*', '~', '>'; '%': key, value, key, value ...; '|': the same, then the reply that it belongs to

  [[nodiscard]] bool null() const noexcept { return type == '_'; }
  [[nodiscard]] bool error() const noexcept { return type == '-' || type == '!'; }
  [[nodiscard]] bool aggregate() const noexcept { return type == '*' || type == '~' || type == '>' || type == '%'; }
  [[nodiscard]] bool textual() const noexcept { return type == '$' || type == '+' || type == '='; }
  /// True for an error whose first word is `word`.
  [[nodiscard]] bool error_is(BytesView word) const noexcept;
  bool operator==(const Reply&) const = default;
};

/// Reads the one whole reply that `bytes` is, through hiredis' reader (redisReader, hiredis 1.x).
/// Error `upstream` when it is not exactly one reply.
Result<Reply> parse_reply(BytesView bytes);

/// Appends `reply` as bytes: the inverse of parse_reply, byte for byte for all that redis-server sends.
void append_reply(Bytes& out, const Reply& reply);

Reply bulk(Bytes text);
Reply integer(std::int64_t value);
Reply status(Bytes text);
Reply array(std::vector<Reply> elements);
/// A null in the form that `protocol` has: "$-1" or "_".
Reply null(Protocol protocol);

}  // namespace keyshift::resp
