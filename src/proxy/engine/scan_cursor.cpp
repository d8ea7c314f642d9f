#include "proxy/engine/scan_cursor.hpp"

#include <charconv>

namespace keyshift::proxy {
namespace {

constexpr unsigned kServerBits = 47, kEraBits = 4, kNodeBits = 10;
constexpr unsigned kEraShift = kServerBits, kNodeShift = kEraShift + kEraBits, kPassShift = kNodeShift + kNodeBits;

constexpr std::uint64_t low_bits(unsigned bits) { return (std::uint64_t{1} << bits) - 1; }

bool whole_number(BytesView text, std::uint64_t& value) noexcept {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<std::uint64_t> encode_cursor(const ScanCursor& cursor) {
  if (cursor.server > low_bits(kServerBits))
    return fail(ErrorCode::upstream, "SCAN: the server's cursor " + std::to_string(cursor.server) +
                                         " does not fit into a cursor of the proxy; nothing was skipped, but this scan "
                                         "cannot go on");
  if (cursor.node >= kScanNodes || cursor.era >= kScanEras)
    return fail(ErrorCode::upstream, "SCAN: more than 1024 primaries cannot be scanned through the proxy");
  return std::uint64_t{static_cast<std::uint8_t>(cursor.pass)} << kPassShift |
         std::uint64_t{cursor.node} << kNodeShift | std::uint64_t{cursor.era} << kEraShift | cursor.server;
}

Result<ScanCursor> decode_cursor(BytesView text) {
  BytesView digits = text.substr(0, text.find('\0'));
  if (digits.starts_with('+') && digits.size() > 1) digits.remove_prefix(1);
  std::uint64_t number = 0;
  if (!digits.empty() && !whole_number(digits, number)) return fail(ErrorCode::protocol, "invalid cursor");
  const std::uint64_t pass = number >> kPassShift;
  if (pass > 2) return fail(ErrorCode::protocol, "invalid cursor");
  ScanCursor cursor;
  cursor.pass = static_cast<ScanCursor::Pass>(pass);
  cursor.node = static_cast<std::uint16_t>(number >> kNodeShift & low_bits(kNodeBits));
  cursor.era = static_cast<std::uint8_t>(number >> kEraShift & low_bits(kEraBits));
  cursor.server = number & low_bits(kServerBits);
  return cursor;
}

Result<std::uint64_t> read_server_cursor(BytesView text) {
  std::uint64_t number = 0;
  if (!whole_number(text, number)) return fail(ErrorCode::upstream, "SCAN got an answer that is not Redis'");
  return number;
}

}  // namespace keyshift::proxy
