#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "options.hpp"

namespace keyshift::history {

/// One record under both its names; the history calls it by the older one.
struct Record {
  std::string older, newer;
  [[nodiscard]] const std::string& name(Side side) const { return side == Side::older ? older : newer; }
};

enum class Kind : std::uint8_t { string, counter, hash, list, set, group };

/// A record, or the three of a group, which commands over several keys tie together.
struct Unit {
  Kind kind = Kind::string;
  std::vector<Record> records;
};

/// The same for the same options.
std::vector<Unit> units_of(const Options& options);

}  // namespace keyshift::history
