#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keyshift::transforms {

/// As much of a Redis URL as rules depend on. Hosts and options are read by whoever connects (store/url.hpp).
struct SourceUrl {
  enum class Kind : std::uint8_t { tcp, unix_socket, sentinel, cluster };
  Kind kind = Kind::tcp;
  bool has_password = false;
  int database = 0;
};

/// Reads `url`; nullopt when its scheme is none of ours or its database is no number from 0 to 2147483647.
std::optional<SourceUrl> read_source_url(std::string_view url);

/// The schemes, for messages: "redis://, rediss://, ...".
std::string source_schemes();

/// The database that `url` names; 0 when it names none or cannot be read.
int database_of(std::string_view url);

}  // namespace keyshift::transforms
