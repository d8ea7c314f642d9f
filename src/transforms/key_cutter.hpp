#pragma once
#include <cstddef>
#include <vector>

#include "transforms/rule_automata.hpp"

namespace keyshift::transforms {

/// Cuts a key that fits a chain into its pieces. The way is settled once: captures whose end is the first occurrence of
/// the literal behind them are found by searching, a lone capture by the lengths around it, anything else by walking
/// all cuts side by side (at most one per state of the chain, since no key has two cuts). Immutable, safe from any
/// thread.
class KeyCutter {
 public:
  /// `pattern` and `chain` are the two views of one side of a checked rule.
  KeyCutter(const KeyPattern& pattern, Chain chain);

  /// Calls `visit(index of the piece, its bytes)` for each piece in order. `key` fits the chain.
  /// Allocates only where cuts are walked side by side (searches() is false).
  template <class Visit>
  void cut(BytesView key, Visit visit) const {
    if (!searches_) {
      const std::vector<std::size_t> begins = walk(key);
      for (std::size_t i = 0; i < begins.size(); ++i) {
        const std::size_t end = i + 1 < begins.size() ? begins[i + 1] : key.size();
        visit(i, key.substr(begins[i], end - begins[i]));
      }
      return;
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      const std::size_t end = end_of(ends_[i], key, at);
      visit(i, key.substr(at, end - at));
      at = end;
    }
  }

  /// True when keys are cut without walking.
  [[nodiscard]] bool searches() const noexcept { return searches_; }

 private:
  /// How a piece's end is found: `size` bytes on, in front of the next `stop`, or `size` bytes before the key's end.
  struct End {
    enum class By : std::uint8_t { length, stop, tail } by = By::length;
    std::size_t size = 0;
    Bytes stop;
  };

  static std::size_t end_of(const End& end, BytesView key, std::size_t at) noexcept {
    if (end.by == End::By::length) return at + end.size;
    if (end.by == End::By::tail) return key.size() - end.size;
    return key.find(end.stop, at + 1);
  }
  bool settle(const KeyPattern& pattern, std::size_t piece);
  [[nodiscard]] std::vector<std::size_t> walk(BytesView key) const;

  Chain chain_;
  std::vector<End> ends_;
  bool searches_ = true;
};

}  // namespace keyshift::transforms
