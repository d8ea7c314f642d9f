#pragma once
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace keyshift::proxy {

/// Where a SCAN stands, all of it inside the number that the app carries: the proxy remembers nothing.
///
/// One decimal below 2^63, so that clients which keep it in a signed integer are safe; from the highest bit:
///   bits 61-62  pass          0 only pass, 1 first of two, 2 second of two
///   bits 51-60  node          index of the primary, 0 on one server
///   bits 47-50  era           modulo 16
///   bits  0-46  server cursor
/// 0 is the start; what is sent for the end is "0" too. A scan that sleeps through exactly 16 flips (or 32, ...) is not
/// noticed to be of another era; it may then miss records. 47 bits hold every cursor that a server with fewer than 2^46
/// keys gives on its own; servers that put a slot into the cursor (Redis 7.4 in Cluster mode) lose 14 of them.
struct ScanCursor {
  enum class Pass : std::uint8_t { only, first, second };
  Pass pass = Pass::only;
  std::uint16_t node = 0;
  std::uint8_t era = 0;
  std::uint64_t server = 0;
  bool operator==(const ScanCursor&) const = default;

  [[nodiscard]] bool at_start() const noexcept { return *this == ScanCursor{}; }
};

inline constexpr unsigned kScanEras = 16;
inline constexpr unsigned kScanNodes = 1024;

/// The cursor as a number. Error `upstream` when a part does not fit.
Result<std::uint64_t> encode_cursor(const ScanCursor& cursor);

/// Reads what an app sends, as leniently as Redis does (strtoul): the empty text is 0, leading zeros and '+' are fine,
/// a NUL ends it. Error `protocol` "invalid cursor", which to_reply() turns into Redis' own text, for anything else,
/// for 2^63 and above, and for a pass that there is not.
Result<ScanCursor> decode_cursor(BytesView text);

/// The cursor in a server's reply: the digits of an unsigned 64-bit number. Error `upstream`.
Result<std::uint64_t> read_server_cursor(BytesView text);

}  // namespace keyshift::proxy
