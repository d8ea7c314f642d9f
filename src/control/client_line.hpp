#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace keyshift::control {

/// One line of CLIENT LIST, as far as somebody looks at it. What a server does not say is empty or 0 (lib-name and
/// lib-ver came with Redis 7.2). The views live as long as the text.
struct ClientFields {
  std::uint64_t id = 0;
  std::string_view addr;  ///< "10.0.3.7:51234", "[::1]:51234", or the socket's path and ":0"
  std::string_view name, user, flags, command, library_name, library_version;
  std::uint64_t age = 0, idle = 0;  ///< seconds
  std::uint64_t query_buffer = 0;   ///< bytes read and not executed yet
  [[nodiscard]] bool flag(char letter) const noexcept { return flags.find(letter) != flags.npos; }
};

/// None: no line of a client (no readable id). Fields are "name=value", separated by blanks; unknown ones are skipped.
std::optional<ClientFields> read_client_fields(std::string_view line) noexcept;

/// Every readable line of a whole reply.
std::vector<ClientFields> every_client(std::string_view text);

}  // namespace keyshift::control
