#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "simulation/model/value.hpp"

namespace keyshift::simulation {

/// One step of a script: what one connection sends in one piece. Ids of connections stand as @0, @1 ...
struct ScriptStep {
  std::size_t connection = 0;
  std::vector<Words> commands;
  int pause = 0;  ///< ms that pass before it
};
using Script = std::vector<ScriptStep>;

constexpr std::size_t kConnections = 3;

/// Random commands of several connections on few keys: values of every type, transactions that go wrong, WATCH, expiry,
/// commands that block with others queued behind them, KILL and UNBLOCK. The same seed gives the same script.
Script random_script(std::uint64_t seed);

}  // namespace keyshift::simulation
