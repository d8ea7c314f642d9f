#include "configurations.hpp"

namespace keyshift::history {

std::uint32_t StateTable::number_of(State state) {
  const std::size_t hash = hash_of(state);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto place = first; place != last; ++place)
    if (states_[place->second] == state) return place->second;
  const auto number = static_cast<std::uint32_t>(states_.size());
  states_.push_back(std::move(state));
  by_hash_.emplace(hash, number);
  return number;
}

namespace {

bool makes_needless(const Configuration& one, const Configuration& other) {
  return (one.done & ~other.done).none() && (one.needed & ~other.needed).none();
}

}  // namespace

bool Configurations::add(const Configuration& configuration) {
  auto& others = by_state_[configuration.state];
  for (const Configuration& other : others)
    if (makes_needless(other, configuration)) return false;
  size_ -= std::erase_if(others, [&](const Configuration& other) { return makes_needless(configuration, other); });
  others.push_back(configuration);
  ++size_;
  return true;
}

std::vector<Configuration> Configurations::all() const {
  std::vector<Configuration> found;
  for (const auto& [state, those] : by_state_) found.insert(found.end(), those.begin(), those.end());
  return found;
}

}  // namespace keyshift::history
