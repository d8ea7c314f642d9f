#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "control/change.hpp"

namespace keyshift::control {

/// One line of CLIENT LIST, as far as a flip looks at it.
struct ClientLine {
  std::uint64_t id = 0;   ///< for CLIENT KILL ID
  std::string addr;       ///< as the server writes it: host:port, [host6]:port, or a path
  std::string name;       ///< empty: none
  std::string user;       ///< empty: the server does not say (before 6.0)
  std::string flags;      ///< letters; S: a replica, M: the primary, O: MONITOR
  std::uint64_t age = 0;  ///< seconds since it connected
  bool operator==(const ClientLine&) const = default;
};

/// The lines of the reply to CLIENT LIST; lines without an id are left out, unknown fields skipped. Source: Redis,
/// CLIENT LIST: "one client connection per line, a succession of property=value fields separated by a space".
std::vector<ClientLine> read_client_list(BytesView text);

/// What is done with clients that talk to the server past the proxies (bypass.policy of the migration file).
enum class BypassPolicy : std::uint8_t {
  wait,   ///< they get the grace to go; if they are still there then, the change is called off
  kill,   ///< after the grace their connections are killed like late ones of ours
  abort,  ///< the change is called off as soon as one is seen that did not connect just now
};

/// A client that is tolerated; what is empty is not asked.
struct AllowedClient {
  std::string user;  ///< ACL user
  std::string addr;  ///< address without port, or with it
  std::string name;  ///< connection name
  bool operator==(const AllowedClient&) const = default;
};

struct Bypass {
  BypassPolicy policy = BypassPolicy::wait;
  std::vector<AllowedClient> allow;
};

/// What one look at a node found.
struct Look {
  std::vector<std::uint64_t> late;  ///< ids of connections of ours that are not exactly at the hold
  std::vector<ClientLine> foreign;  ///< clients that bypass the proxies and are on no allow list
  std::uint64_t highest_epoch = 0;  ///< in names of ours: above the hold's, the record went back
};

/// Judges the connections of one node under `hold`. Links between servers are no clients.
Look look_at(const std::vector<ClientLine>& clients, const Change& hold, const std::vector<AllowedClient>& allow);

}  // namespace keyshift::control
