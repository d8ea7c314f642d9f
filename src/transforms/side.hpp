#pragma once
#include <cstdint>

namespace keyshift::transforms {

/// The side of a migration that a name belongs to: the schema it migrates from, or the one it migrates to.
enum class Side : std::uint8_t { from, to };

}  // namespace keyshift::transforms
