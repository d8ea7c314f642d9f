#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/migration_file.hpp"

namespace keyshift::control {

/// A client that speaks to Redis past the proxies: it could read or write records under names that are history.
struct BypassClient {
  std::uint64_t id = 0;
  std::string addr, user, name, library, library_version;
  std::string command;              ///< its last one
  std::uint64_t age = 0, idle = 0;  ///< seconds
  bool operator==(const BypassClient&) const = default;
};

/// Is `client` tolerated? A name or library that ends with '*' stands for all that begin so.
bool allowed(const BypassClient& client, std::span<const transforms::AllowedClient> allow);

/// The clients in the text of CLIENT LIST (all types) that are none of these: replicas and the link to a primary,
/// which the server itself keeps from touching keys; connections named by us (connection_name.hpp); the connection
/// with the id `self`; those that `allow` tolerates. In the order of the text.
std::vector<BypassClient> bypass_clients(std::string_view client_list, std::uint64_t self,
                                         std::span<const transforms::AllowedClient> allow);

/// "user app, addr 10.0.3.7:51234, name worker, library redis-py 5.0.1, last command get, connected for 12 s": for
/// people.
std::string text(const BypassClient& client);

}  // namespace keyshift::control
