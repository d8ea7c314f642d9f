#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::simulation {

using Words = std::vector<Bytes>;

/// What a key of the model holds. Made from bytes it is a string, and it compares and reads as one.
struct Value {
  enum class Type : std::uint8_t { string, list, hash, set };
  static constexpr std::int64_t never = -1;

  Type type = Type::string;
  Bytes text;
  std::deque<Bytes> list;
  std::map<Bytes, Bytes> hash;
  std::set<Bytes> set;
  std::int64_t expires = never;  ///< ms of the model's wall clock

  Value() = default;
  explicit Value(Type t) : type(t) {}
  template <class T>
    requires std::convertible_to<T, Bytes>
  Value(T&& bytes) : text(std::forward<T>(bytes)) {}  // NOLINT(google-explicit-constructor): a string is a value
  operator const Bytes&() const { return text; }      // NOLINT(google-explicit-constructor)
  bool operator==(const Value&) const = default;
  bool operator==(const char* other) const { return type == Type::string && text == other; }
  bool operator==(const Bytes& other) const { return type == Type::string && text == other; }

  /// Of a list, hash or set: nothing is in it, so the key is to go.
  [[nodiscard]] bool empty() const { return type != Type::string && list.empty() && hash.empty() && set.empty(); }
};

/// One key's new value, or that it is gone: what replication carries.
struct Write {
  int database = 0;
  Bytes key;
  std::optional<Value> value;
};
/// What one command, or one EXEC, has written: replicas take all of it or nothing.
using Writes = std::vector<Write>;

}  // namespace keyshift::simulation
