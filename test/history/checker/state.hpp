#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "operation.hpp"

namespace keyshift::history {

/// What one record is. Its deadline is not known exactly, since the server's clock at the moment of the command is not:
/// it lies somewhere in [deadline_from, deadline_to].
struct Value {
  enum class Type : std::uint8_t { none, string, hash, list, set };
  Type type = Type::none;
  /// string: one; list: its elements; set: its members in byte order; hash: field, value, by fields in byte order.
  std::vector<std::string> parts;
  Instant deadline_from = never;
  Instant deadline_to = never;

  [[nodiscard]] bool exists() const noexcept { return type != Type::none; }
  [[nodiscard]] bool expires() const noexcept { return deadline_from != never; }
  bool operator==(const Value&) const = default;
};

/// The records of one component, by their number in it.
using State = std::vector<Value>;

std::size_t hash_of(const State& state) noexcept;

/// For people: `"a"`, `list [a b]`, `absent`, with the deadline relative to `origin` in ms.
std::string show(const Value& value, Instant origin);

}  // namespace keyshift::history
