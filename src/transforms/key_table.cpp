#include "transforms/key_table.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"

namespace keyshift::transforms {

namespace {

/// The target that most classes of a state lead to.
std::uint16_t most_common(const std::uint16_t* targets, std::size_t count) {
  std::map<std::uint16_t, std::size_t> votes;
  std::uint16_t best = targets[0];
  for (std::size_t c = 0; c < count; ++c) {
    if (++votes[targets[c]] > votes[best]) best = targets[c];
  }
  return best;
}

}  // namespace

KeyTable::KeyTable(const CombinedDfa& combined)
    : class_of_(combined.classes.of),
      classes_(combined.classes.heads.size()),
      rows_(combined.states()),
      chain_(combined.chain) {
  KS_CHECK(!combined.too_large && combined.states() > 1, "only rules that were checked are compiled");
  // The dead state owns no cell: owner 0 marks a free one, and what it leads to is dead as well.
  for (std::size_t s = 1; s < combined.states(); ++s)
    place(static_cast<std::uint16_t>(s), combined.next.data() + s * classes_);
  cells_.resize(cells_.size() + classes_);
  cells_.shrink_to_fit();
  for (Row& row : rows_) row.usual_base = rows_[row.usual].base;
  for (Cell& cell : cells_) cell.base = rows_[cell.to].base;
}

/// First fit: the lowest base at which all cells that the state needs are free.
void KeyTable::place(std::uint16_t state, const std::uint16_t* targets) {
  const std::uint16_t usual = most_common(targets, classes_);
  rows_[state].usual = usual;
  std::vector<std::size_t> needed;
  for (std::size_t c = 0; c < classes_; ++c) {
    if (targets[c] != usual) needed.push_back(c);
  }
  if (needed.empty()) return;
  while (first_free_ < cells_.size() && cells_[first_free_].owner != 0) ++first_free_;
  std::size_t base = first_free_ > needed[0] ? first_free_ - needed[0] : 0;
  const auto taken = [&](std::size_t c) { return base + c < cells_.size() && cells_[base + c].owner != 0; };
  while (std::any_of(needed.begin(), needed.end(), taken)) ++base;
  cells_.resize(std::max(cells_.size(), base + classes_));
  for (const std::size_t c : needed) cells_[base + c] = {state, targets[c], 0};
  rows_[state].base = static_cast<std::uint32_t>(base);
}

std::size_t KeyTable::memory() const noexcept {
  return sizeof(*this) + rows_.size() * sizeof(Row) + cells_.size() * sizeof(Cell) +
         chain_.size() * sizeof(std::int32_t);
}

}  // namespace keyshift::transforms
