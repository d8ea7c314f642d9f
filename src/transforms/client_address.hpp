#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keyshift::transforms {

/// Addresses of clients, as bypass.allow names them: one host ("10.0.3.7", "::1"), one with a port ("10.0.3.7:9121",
/// "[::1]:9121"), a network ("10.0.0.0/8", "fd00::/8"), or the path of a unix socket ("/run/redis.sock").
struct AddressRange {
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4 as ::ffff:a.b.c.d, the way servers with one socket for both show it
  unsigned bits = 128;                   ///< how many of them count
  std::optional<std::uint16_t> port;
  std::string path;  ///< not empty: a unix socket, and nothing else counts
};

/// None: `text` is no such address. Names of hosts are none: nothing here resolves them.
std::optional<AddressRange> read_address_range(std::string_view text);

/// `client`: an address as CLIENT LIST shows it: "10.0.3.7:51234", "[::1]:51234", "/run/redis.sock:0".
bool contains(const AddressRange& range, std::string_view client);

}  // namespace keyshift::transforms
