#include "transforms/glob_automaton.hpp"

#include <algorithm>

namespace keyshift::transforms {

namespace {

constexpr std::size_t kMaxPlaces = 4'000'000;
constexpr std::size_t kMaxSteps = 1'000'000;

std::size_t index(char byte) { return static_cast<unsigned char>(byte); }

template <class Number>
void add_range(ByteSet& set, char a, char b) {
  const auto low = std::min(static_cast<Number>(a), static_cast<Number>(b));
  const auto high = std::max(static_cast<Number>(a), static_cast<Number>(b));
  for (std::size_t i = 0; i < 256; ++i) {
    const auto byte = static_cast<Number>(i);
    if (byte >= low && byte <= high) set.set(i);
  }
}

/// Reads the class whose '[' is at `at`; leaves `at` on its last byte.
ByteSet read_set(BytesView glob, std::size_t& at) {
  ++at;
  const bool negated = at < glob.size() && glob[at] == '^';
  if (negated) ++at;
  ByteSet sure, perhaps;
  for (; at < glob.size() && glob[at] != ']'; ++at) {
    const std::size_t left = glob.size() - at;
    if (left >= 2 && glob[at] == '\\') {
      sure.set(index(glob[++at])), perhaps.set(index(glob[at]));
    } else if (left >= 3 && glob[at + 1] == '-') {
      ByteSet as_signed, as_unsigned;
      add_range<signed char>(as_signed, glob[at], glob[at + 2]);
      add_range<unsigned char>(as_unsigned, glob[at], glob[at + 2]);
      sure |= as_signed & as_unsigned;
      perhaps |= as_signed | as_unsigned;
      at += 2;
    } else {
      sure.set(index(glob[at])), perhaps.set(index(glob[at]));
    }
  }
  if (at >= glob.size()) at = glob.size() - 1;
  return negated ? ~sure : perhaps;
}

/// The product of a glob and the table, walked depth first: the first key found ends it.
class Product {
 public:
  Product(const std::vector<GlobElement>& glob, const KeyTable& table) : glob_(glob), table_(table) { spell_classes(); }

  bool meets() {
    if ((glob_.size() + 1) * table_.states() > kMaxPlaces) return true;
    seen_.assign((glob_.size() + 1) * table_.states(), false);
    visit(0, KeyTable::start);
    std::size_t steps = 0;
    while (!todo_.empty()) {
      const auto [element, state] = todo_.back();
      todo_.pop_back();
      if (element == glob_.size()) {
        if (table_.accepting(state)) return true;
        continue;
      }
      steps += table_.classes();
      if (steps > kMaxSteps) return true;
      if (glob_[element].star) visit(element + 1, state);
      spread(element, state);
    }
    return false;
  }

 private:
  void spell_classes() {
    for (std::size_t b = 0; b < 256; ++b) bytes_of_[table_.class_of(static_cast<unsigned char>(b))].set(b);
  }

  void visit(std::size_t element, std::uint16_t state) {
    const std::size_t at = element * table_.states() + state;
    if (seen_[at]) return;
    seen_[at] = true;
    todo_.emplace_back(element, state);
  }

  void spread(std::size_t element, std::uint16_t state) {
    const GlobElement& here = glob_[element];
    for (std::size_t c = 0; c < table_.classes(); ++c) {
      if (!here.star && (here.bytes & bytes_of_[c]).none()) continue;
      const std::uint16_t to = table_.next(state, static_cast<std::uint8_t>(c));
      if (to != KeyTable::dead) visit(here.star ? element : element + 1, to);
    }
  }

  const std::vector<GlobElement>& glob_;
  const KeyTable& table_;
  std::array<ByteSet, 256> bytes_of_;
  std::vector<bool> seen_;
  std::vector<std::pair<std::size_t, std::uint16_t>> todo_;
};

}  // namespace

std::vector<GlobElement> read_glob(BytesView glob) {
  std::vector<GlobElement> elements;
  for (std::size_t at = 0; at < glob.size(); ++at) {
    GlobElement element;
    if (glob[at] == '*') {
      if (!elements.empty() && elements.back().star) continue;
      element.star = true;
    } else if (glob[at] == '?') {
      element.bytes.set();
    } else if (glob[at] == '[') {
      element.bytes = read_set(glob, at);
    } else {
      if (glob[at] == '\\' && at + 1 < glob.size()) ++at;
      element.bytes.set(index(glob[at]));
    }
    elements.push_back(element);
  }
  return elements;
}

bool glob_meets(const std::vector<GlobElement>& glob, const KeyTable& table) { return Product(glob, table).meets(); }

}  // namespace keyshift::transforms
