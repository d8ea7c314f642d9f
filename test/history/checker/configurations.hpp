#pragma once
#include <bitset>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "state.hpp"

namespace keyshift::history {

/// Places for operations that have begun and not ended. Those of unknown outcome never give theirs back.
constexpr std::size_t open_limit = 256;
using Places = std::bitset<open_limit>;

/// One way in which everything so far may have happened: the state that it led to, and what open operations it leaves.
struct Configuration {
  std::uint32_t state = 0;
  Places done;    ///< have taken effect
  Places needed;  ///< must still do so before they end; others may
};

/// States by number, each kept once.
class StateTable {
 public:
  std::uint32_t number_of(State state);
  [[nodiscard]] const State& at(std::uint32_t number) const { return states_[number]; }
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  std::vector<State> states_;
  std::unordered_multimap<std::size_t, std::uint32_t> by_hash_;
};

/// Configurations, each once, and without those that another one makes needless: of two with the same state, the one
/// that has done less and must do less can do whatever the other can.
class Configurations {
 public:
  /// False when it was there, or needless.
  bool add(const Configuration& configuration);
  [[nodiscard]] std::vector<Configuration> all() const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::unordered_map<std::uint32_t, std::vector<Configuration>> by_state_;
  std::size_t size_ = 0;
};

}  // namespace keyshift::history
