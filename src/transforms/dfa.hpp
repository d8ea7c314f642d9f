#pragma once
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::transforms {

using ByteSet = std::bitset<256>;

/// A deterministic automaton over bytes: the language of one piece of a key pattern. State 0 is dead, state 1 the
/// start. Every automaton that this floor hands out is trimmed: from each state but the dead one an accepting state can
/// be reached, and each can be reached from the start. So a language is empty exactly when the start is missing.
class Dfa {
 public:
  using State = std::uint16_t;
  static constexpr State dead = 0;
  static constexpr State start = 1;
  /// More states are refused by everything that builds one (1 KiB per two states).
  static constexpr std::size_t max_states = 2048;

  Dfa() : rows_(1), accepting_(1, false) { rows_[0].fill(dead); }

  State add(bool accepting);
  void set(State from, std::size_t byte, State to) { rows_[from][byte] = to; }

  [[nodiscard]] State next(State from, std::size_t byte) const { return rows_[from][byte]; }
  [[nodiscard]] const std::array<State, 256>& row(State of) const { return rows_[of]; }
  [[nodiscard]] bool accepting(State state) const { return accepting_[state]; }
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] bool empty() const noexcept { return rows_.size() < 2; }
  [[nodiscard]] bool fits(BytesView text) const;
  /// True when some word of the language has `byte` in it.
  [[nodiscard]] bool may_contain(unsigned char byte) const;

  /// This automaton without the states that lead nowhere or are never entered.
  [[nodiscard]] Dfa trimmed() const;

 private:
  std::vector<std::array<State, 256>> rows_;
  std::vector<bool> accepting_;
};

/// The one word `text`; not empty.
Dfa literal_dfa(BytesView text);

/// Every word of one byte or more in front of the first `stop`: those w for which `stop` lies in w + stop at its end
/// alone. An empty `stop` stops nowhere: every word of one byte or more.
Dfa until_dfa(BytesView stop);

/// What both accept; nullopt beyond Dfa::max_states.
std::optional<Dfa> intersect(const Dfa& a, const Dfa& b);

/// True when every word of `a` is one of `b`.
bool included(const Dfa& a, const Dfa& b);

}  // namespace keyshift::transforms
