#pragma once
#include <string_view>
#include <vector>

#include "control/flip.hpp"

namespace keyshift::driver {

/// The replicas that the text of INFO replication lists, by ip:port; one that is still being synchronized has trouble.
std::vector<control::Node> replicas_in(std::string_view info);

}  // namespace keyshift::driver
