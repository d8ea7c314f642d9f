#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "component.hpp"

namespace keyshift::history {

/// Values that only one operation of a component can bring into a state, and who saw them. Such a value that has left
/// the state never comes back, so whoever saw it must have run by then. Knowing that, a search need not follow a path
/// to its bitter end.
class Traces {
 public:
  using Value = std::uint32_t;
  static constexpr Value none = std::numeric_limits<Value>::max();

  explicit Traces(const Component& component);

  /// The traced values in a state, in no order.
  [[nodiscard]] std::vector<Value> in(const State& state) const;
  /// Steps that saw the value, without the one that wrote it.
  [[nodiscard]] const std::vector<std::uint32_t>& seen_by(Value value) const { return seen_by_[value]; }
  /// What a plain SET writes; `none` when that is not traced.
  [[nodiscard]] Value written_by(std::uint32_t step) const { return written_by_[step]; }

 private:
  [[nodiscard]] Value find(const std::string& text) const;
  void note_seen(const Reply& reply, std::uint32_t step);

  std::unordered_map<std::string, Value> values_;
  std::vector<std::uint32_t> writer_;
  std::vector<std::vector<std::uint32_t>> seen_by_;
  std::vector<Value> written_by_;
};

}  // namespace keyshift::history
