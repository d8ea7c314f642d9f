#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "transforms/combined_dfa.hpp"

namespace keyshift::transforms {

/// A combined automaton, packed for the hot path: a state keeps the target that most bytes lead to, and the other ones
/// lie in one array that all states share (row displacement; 100 rules take a few hundred KiB at most).
/// Immutable; safe from any thread; classify() allocates nothing.
class KeyTable {
 public:
  explicit KeyTable(const CombinedDfa& combined);

  /// The index of the chain that `key` fits, or CombinedDfa::nobody. Reads no further than the first byte that tells.
  [[nodiscard]] std::int32_t classify(BytesView key) const noexcept {
    // A cell knows the base of the row that it leads to, so that a byte costs one load behind the one before it.
    std::uint16_t state = start;
    std::uint32_t base = rows_[start].base;
    for (const char c : key) {
      const Cell cell = cells_[base + class_of_[static_cast<unsigned char>(c)]];
      const bool own = cell.owner == state;
      const Row& row = rows_[state];
      state = own ? cell.to : row.usual;
      base = own ? cell.base : row.usual_base;
      if (state == dead) return CombinedDfa::nobody;
    }
    return chain_[state];
  }

  static constexpr std::uint16_t dead = 0, start = 1;
  [[nodiscard]] std::uint16_t next(std::uint16_t state, std::uint8_t byte_class) const noexcept {
    const Row row = rows_[state];
    const Cell cell = cells_[row.base + byte_class];
    return cell.owner == state ? cell.to : row.usual;
  }
  [[nodiscard]] std::uint8_t class_of(unsigned char byte) const noexcept { return class_of_[byte]; }
  [[nodiscard]] std::size_t classes() const noexcept { return classes_; }
  [[nodiscard]] std::size_t states() const noexcept { return rows_.size(); }
  [[nodiscard]] bool accepting(std::uint16_t state) const noexcept { return chain_[state] != CombinedDfa::nobody; }
  /// Bytes of memory that the table takes.
  [[nodiscard]] std::size_t memory() const noexcept;

 private:
  struct Row {
    std::uint32_t base = 0;        ///< where its cells begin
    std::uint32_t usual_base = 0;  ///< where those of `usual` begin
    std::uint16_t usual = dead;
  };
  struct Cell {
    std::uint16_t owner = 0;
    std::uint16_t to = 0;
    std::uint32_t base = 0;  ///< where the cells of `to` begin
  };
  void place(std::uint16_t state, const std::uint16_t* targets);

  std::array<std::uint8_t, 256> class_of_{};
  std::size_t classes_ = 0;
  std::vector<Row> rows_;
  std::vector<Cell> cells_;
  std::vector<std::int32_t> chain_;
  std::size_t first_free_ = 0;
};

}  // namespace keyshift::transforms
