#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "control/bypass.hpp"
#include "control/change.hpp"
#include "control/flip_naive.hpp"

namespace keyshift::control {

/// What a flip does with clients that talk to the server past the proxies (bypass.policy of the migration file).
enum class BypassPolicy : std::uint8_t {
  wait,   ///< they get the grace to go; if they are still there then, the change is called off
  kill,   ///< after the grace their connections are killed like late ones of ours
  abort,  ///< the change is called off as soon as one is seen that did not connect just now
};

struct Bypass {
  BypassPolicy policy = BypassPolicy::wait;
  std::vector<transforms::AllowedClient> allow;
};

/// What one look at a node found.
struct Look {
  std::vector<std::uint64_t> late;    ///< ids of connections of ours that are not exactly at the hold
  std::vector<BypassClient> foreign;  ///< clients that bypass the proxies and are on no allow list
  std::uint64_t highest_epoch = 0;    ///< in names of ours: above the hold's, the record went back
};

/// Judges the connections of one node under `hold`: `clients` is the text of its CLIENT LIST. Links between servers
/// are no clients.
Look look_at(std::string_view clients, const Change& hold, const std::vector<transforms::AllowedClient>& allow,
             FlipNaive naive = FlipNaive::none);

}  // namespace keyshift::control
