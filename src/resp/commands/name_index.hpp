#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::commands {

/// A command name of at most 32 bytes, upper-cased and folded into four words: two names are equal but for the case of
/// their letters exactly when their FoldedNames are equal.
struct FoldedName {
  std::uint64_t words[4] = {};
  std::uint64_t size = 0;

  /// False when `name` is empty or longer than 32 bytes.
  bool fold(BytesView name) noexcept;
  [[nodiscard]] std::uint32_t hash() const noexcept;
  bool operator==(const FoldedName&) const = default;
};

/// From names to row numbers: open addressing, one probe for nearly all names, no allocation to find.
/// A subcommand is entered under its own last word with `container` = its container's number + 1, a command with 0.
class NameIndex {
 public:
  static constexpr std::uint16_t missing = 0xffff;

  /// Enters `name`; a name entered before keeps its first number. Names over 32 bytes go to a list searched one by one.
  void add(BytesView name, std::uint16_t container, std::uint16_t number);
  [[nodiscard]] std::uint16_t find(BytesView name, std::uint16_t container) const noexcept;

 private:
  struct Entry {
    FoldedName name;
    std::uint16_t container;
    std::uint16_t number;
  };
  struct LongName {
    Bytes name;
    std::uint16_t container;
    std::uint16_t number;
  };
  void grow();
  [[nodiscard]] std::size_t slot_of(const FoldedName& name, std::uint16_t container) const noexcept;

  std::vector<std::uint16_t> slots_;  ///< into entries_; missing where empty; a power of two of them, at most half full
  std::vector<Entry> entries_;
  std::vector<LongName> long_;
};

}  // namespace keyshift::commands
