#pragma once
#include <array>
#include <cstdint>
#include <cstring>

#include "resp/commands/table.hpp"

namespace keyshift::commands {

/// Table::find for the names that a worker meets all the time: those of up to eight bytes, as they were spelt, found
/// again by one multiplication and one comparison. Of one thread; forget() when the table has learnt.
class RecentRows {
 public:
  explicit RecentRows(const Table& table) noexcept : table_(table) {}

  /// As Table::find.
  [[nodiscard]] const Command* find(std::span<const BytesView> argv) noexcept {
    const BytesView name = argv[0];
    if (name.empty() || name.size() > 8) return table_.find(argv);
    const std::uint64_t word = packed(name);
    Slot& slot = slots_[(word * 0x9e3779b97f4a7c15U + name.size()) >> 58];
    if (slot.word == word && slot.size == name.size()) return slot.command;
    const Command* const found = table_.find(argv);
    if (found != nullptr && !table_.container(*found) && !found->subcommand()) slot = {word, name.size(), found};
    return found;
  }
  void forget() noexcept { slots_ = {}; }

 private:
  struct Slot {
    std::uint64_t word = 0;
    std::size_t size = 0;
    const Command* command = nullptr;
  };
  /// One to eight bytes in a word: together with their number, each name has its own.
  static std::uint64_t packed(BytesView name) noexcept {
    const char* const p = name.data();
    const std::size_t n = name.size();
    if (n >= 4) {
      std::uint32_t head = 0, tail = 0;
      std::memcpy(&head, p, 4);
      std::memcpy(&tail, p + n - 4, 4);
      return head | std::uint64_t{tail} << 32;
    }
    const auto byte = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
    return byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16;
  }

  const Table& table_;
  std::array<Slot, 64> slots_;
};

}  // namespace keyshift::commands
