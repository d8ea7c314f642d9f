#include "transforms/client_address.hpp"

#include <arpa/inet.h>  // inet_pton: text to bytes, no socket

#include <algorithm>
#include <charconv>

namespace keyshift::transforms {
namespace {

template <class Number>
std::optional<Number> whole(std::string_view text) noexcept {
  Number value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// The 16 bytes of a numeric address without port; `width` becomes 32 or 128.
std::optional<std::array<std::uint8_t, 16>> numeric(std::string_view text, unsigned& width) {
  const std::string copy(text);
  std::array<std::uint8_t, 16> bytes{};
  width = 128;
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1 && copy.size() == text.size()) return bytes;
  width = 32;
  bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, copy.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

struct Split {
  std::string_view host, port;  ///< port empty: none
};

/// "[host]:port", "host:port" with one colon, or a host alone.
Split split_port(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const auto close = text.find("]:");
    if (close != text.npos) return {text.substr(1, close - 1), text.substr(close + 2)};
    return {text, {}};
  }
  const auto colon = text.find(':');
  if (colon == text.npos || text.find(':', colon + 1) != text.npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool same_bits(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b, unsigned bits) noexcept {
  const std::size_t whole_bytes = bits / 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole_bytes), b.begin())) return false;
  if (bits % 8 == 0) return true;
  return ((a[whole_bytes] ^ b[whole_bytes]) >> (8 - bits % 8)) == 0;
}

}  // namespace

std::optional<AddressRange> read_address_range(std::string_view text) {
  AddressRange out;
  if (text.starts_with('/')) {
    out.path = text;
    return out;
  }
  const auto slash = text.find('/');
  const Split split = slash == text.npos ? split_port(text) : Split{text.substr(0, slash), {}};
  unsigned width = 0;
  const auto bytes = numeric(split.host, width);
  if (!bytes) return std::nullopt;
  out.bytes = *bytes;
  if (slash != text.npos) {
    const auto bits = whole<unsigned>(text.substr(slash + 1));
    if (!bits || *bits > width) return std::nullopt;
    out.bits = *bits + (128 - width);
  } else if (split.host.size() != text.size()) {
    out.port = whole<std::uint16_t>(split.port);
    if (!out.port) return std::nullopt;
  }
  return out;
}

bool contains(const AddressRange& range, std::string_view client) {
  if (!range.path.empty()) return client.substr(0, client.rfind(':')) == range.path;
  const Split split = split_port(client);
  unsigned width = 0;
  const auto bytes = numeric(split.host, width);
  if (!bytes || !same_bits(range.bytes, *bytes, range.bits)) return false;
  return !range.port || range.port == whole<std::uint16_t>(split.port);
}

}  // namespace keyshift::transforms
