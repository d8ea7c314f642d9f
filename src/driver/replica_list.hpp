#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/flip.hpp"

namespace keyshift::driver {

/// The replicas that the text of INFO replication lists, by ip:port; one that is still being synchronized has trouble.
std::vector<control::Node> replicas_in(std::string_view info);

/// Do all replicas that are online, but for those called in `spared`, have what the primary had? Both are texts of its
/// INFO replication: what it had is the offset in `before`, what they have acknowledged stands in `after`.
bool all_but_have_it(const std::set<std::string>& spared, std::string_view before, std::string_view after);

}  // namespace keyshift::driver
