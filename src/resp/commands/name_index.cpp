#include "resp/commands/name_index.hpp"

namespace keyshift::commands {
namespace {

std::uint64_t load8(const char* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, 8);
  return word;
}

std::uint64_t load4(const char* from) noexcept {
  std::uint32_t word;
  std::memcpy(&word, from, 4);
  return word;
}

/// ASCII upper case of eight bytes at once; bytes above 0x7f stay as they are.
std::uint64_t upper8(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const std::uint64_t low = word & (0x7f * ones);
  const std::uint64_t from_a = low + (0x80 - 'a') * ones;      // high bit: at or above 'a'
  const std::uint64_t past_z = low + (0x80 - 'z' - 1) * ones;  // high bit: above 'z'
  const std::uint64_t letter = (from_a & ~past_z & ~word) & (0x80 * ones);
  return word ^ (letter >> 2);
}

}  // namespace

bool FoldedName::fold(BytesView name) noexcept {
  const char* const p = name.data();
  const std::size_t n = name.size();
  size = n;
  // Overlapping loads: every length has one fixed way to fill the words, so no byte loop and nothing read out of
  // bounds.
  if (n >= 8) {
    if (n > 32) return false;
    words[0] = upper8(load8(p));
    words[1] = upper8(load8(p + n - 8));
    if (n > 16) {
      words[2] = upper8(load8(p + 8));
      words[3] = upper8(load8(p + n - 16));
    }
    return true;
  }
  if (n >= 4) {
    words[0] = upper8(load4(p) | load4(p + n - 4) << 32);
    return true;
  }
  if (n == 0) return false;
  const auto byte = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
  words[0] = upper8(byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16);
  return true;
}

std::uint32_t FoldedName::hash() const noexcept {
  std::uint64_t h = words[0] * 0x9e3779b97f4a7c15 + words[1] * 0xc2b2ae3d27d4eb4f +
                    (words[2] ^ size) * 0x165667b19e3779f9 + words[3] * 0x27d4eb2f165667c5;
  h ^= h >> 29;
  h *= 0xbf58476d1ce4e5b9;
  return static_cast<std::uint32_t>(h >> 32);
}

std::size_t NameIndex::slot_of(const FoldedName& name, std::uint16_t container) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = (name.hash() + container * 0x9e3779b1u) & mask;
  while (slots_[at] != missing) {
    const Entry& e = entries_[slots_[at]];
    if (e.container == container && e.name == name) break;
    at = (at + 1) & mask;
  }
  return at;
}

void NameIndex::grow() {
  slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, missing);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    slots_[slot_of(entries_[i].name, entries_[i].container)] = static_cast<std::uint16_t>(i);
}

void NameIndex::add(BytesView name, std::uint16_t container, std::uint16_t number) {
  if (find(name, container) != missing) return;
  FoldedName folded;
  if (!folded.fold(name)) {
    long_.push_back({Bytes(name), container, number});
    return;
  }
  if (entries_.size() * 2 >= slots_.size()) grow();
  slots_[slot_of(folded, container)] = static_cast<std::uint16_t>(entries_.size());
  entries_.push_back({folded, container, number});
}

std::uint16_t NameIndex::find(BytesView name, std::uint16_t container) const noexcept {
  FoldedName folded;
  if (folded.fold(name)) {
    if (slots_.empty()) return missing;
    const std::uint16_t entry = slots_[slot_of(folded, container)];
    return entry == missing ? missing : entries_[entry].number;
  }
  for (const LongName& l : long_)
    if (l.container == container && equal_ignoring_case(l.name, name)) return l.number;
  return missing;
}

}  // namespace keyshift::commands
