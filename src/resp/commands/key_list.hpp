#pragma once
#include <span>
#include <vector>

#include "resp/commands/command.hpp"

namespace keyshift::commands {

/// The keys of one request. Holds 16 without allocating; clear() keeps its memory.
class KeyList {
 public:
  void clear() noexcept {
    count_ = 0;
    more_.clear();
    incomplete = false;
  }
  void add(std::uint32_t index, std::uint8_t access) {
    if (count_ < kInline) [[likely]]
      inline_[count_++] = {index, access};
    else
      add_more({index, access});
  }
  /// Valid until the next add() or clear().
  [[nodiscard]] std::span<const KeyAt> keys() const noexcept {
    return more_.empty() ? std::span<const KeyAt>(inline_, count_) : std::span<const KeyAt>(more_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return more_.empty() ? count_ : more_.size(); }

  /// True when the command may touch keys beyond those listed (SORT with BY or GET, a command that nobody can place).
  bool incomplete = false;

 private:
  static constexpr std::uint32_t kInline = 16;
  void add_more(KeyAt key);

  KeyAt inline_[kInline];
  std::uint32_t count_ = 0;
  std::vector<KeyAt> more_;  ///< all of them, once there are more than 16
};

}  // namespace keyshift::commands
