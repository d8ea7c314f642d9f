#include "transforms/byte_classes.hpp"

#include <algorithm>
#include <set>

namespace keyshift::transforms {

namespace {

/// Splits the classes so that `row` is the same for all bytes of each. `heads` keeps the first byte of each class.
void refine(const std::array<Dfa::State, 256>& row, std::array<std::uint8_t, 256>& of,
            std::vector<unsigned char>& heads) {
  struct Split {
    std::uint8_t parent, child;
    Dfa::State to;
  };
  std::vector<Split> splits;
  for (std::size_t b = 0; b < 256; ++b) {
    const std::uint8_t parent = of[b];
    if (row[b] == row[heads[parent]]) continue;
    const auto same = [&](const Split& s) { return s.parent == parent && s.to == row[b]; };
    auto split = std::find_if(splits.begin(), splits.end(), same);
    if (split == splits.end()) {
      splits.push_back({parent, static_cast<std::uint8_t>(heads.size()), row[b]});
      heads.push_back(static_cast<unsigned char>(b));
      split = splits.end() - 1;
    }
    of[b] = split->child;
  }
}

/// How badly a byte reads in an example: letters first, then digits, punctuation, the rest.
int reading_rank(std::size_t byte) {
  if (byte >= 'a' && byte <= 'z') return 0;
  if (byte >= '0' && byte <= '9') return 1;
  if (byte >= 'A' && byte <= 'Z') return 2;
  return byte > ' ' && byte < 0x7F ? 3 : 4;
}

}  // namespace

ByteClasses byte_classes(std::span<const Chain> chains) {
  ByteClasses classes;
  classes.heads.push_back(0);
  std::set<const Dfa*> seen;
  for (const Chain& chain : chains) {
    for (const auto& piece : chain.pieces) {
      if (!seen.insert(piece.get()).second) continue;
      for (std::size_t s = 1; s < piece->size(); ++s)
        refine(piece->row(static_cast<Dfa::State>(s)), classes.of, classes.heads);
    }
  }
  for (std::size_t b = 0; b < 256; ++b) {
    unsigned char& head = classes.heads[classes.of[b]];
    if (reading_rank(b) < reading_rank(head)) head = static_cast<unsigned char>(b);
  }
  for (std::size_t c = 0; c < classes.heads.size(); ++c) classes.reading_order.push_back(static_cast<std::uint8_t>(c));
  const auto rank = [&](std::uint8_t c) { return std::pair(reading_rank(classes.heads[c]), c); };
  std::sort(classes.reading_order.begin(), classes.reading_order.end(),
            [&](std::uint8_t a, std::uint8_t b) { return rank(a) < rank(b); });
  return classes;
}

}  // namespace keyshift::transforms
