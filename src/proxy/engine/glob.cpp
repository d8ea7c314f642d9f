#include "proxy/engine/glob.hpp"

namespace keyshift::proxy {
namespace {

constexpr int kMostStars = 1000;

/// Does `c` fit the class whose '[' is at `at`? `at` is left on the last byte of the class.
bool fits_class(BytesView pattern, std::size_t& at, char c) noexcept {
  ++at;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    const std::size_t left = pattern.size() - at;
    if (left >= 2 && pattern[at] == '\\') {
      found |= pattern[++at] == c;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      const char a = pattern[at], b = pattern[at + 2];
      found |= a <= b ? (a <= c && c <= b) : (b <= c && c <= a);
      at += 2;
    } else {
      found |= pattern[at] == c;
    }
  }
  if (at == pattern.size()) --at;
  return found != negated;
}

/// Does `c` fit the one element at `at`, which is not a star? `at` is left behind the element when it does.
bool fits_one(BytesView pattern, std::size_t& at, char c) noexcept {
  switch (pattern[at]) {
    case '?':
      break;
    case '[':
      if (!fits_class(pattern, at, c)) return false;
      break;
    case '\\':
      if (at + 1 < pattern.size()) ++at;
      [[fallthrough]];
    default:
      if (pattern[at] != c) return false;
  }
  ++at;
  return true;
}

}  // namespace

bool glob_matches(BytesView pattern, BytesView text) noexcept {
  if (text.empty()) return pattern.empty();
  std::size_t p = 0, t = 0;
  std::size_t behind_star = BytesView::npos, retry = 0;
  int stars = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      p = behind_star = pattern.find_first_not_of('*', p);
      if (p == BytesView::npos) return true;
      if (++stars > kMostStars) return false;
      retry = t;
    } else if (p < pattern.size() && fits_one(pattern, p, text[t])) {
      ++t;
    } else if (behind_star == BytesView::npos) {
      return false;
    } else {
      // Every other element takes exactly one byte, so only the last star can be given another byte with any gain.
      p = behind_star;
      t = ++retry;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

GlobPrefix glob_prefix(BytesView pattern) {
  GlobPrefix prefix;
  std::size_t at = 0;
  for (; at < pattern.size() && pattern[at] != '*' && pattern[at] != '?' && pattern[at] != '['; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    prefix.literal += pattern[at];
  }
  prefix.rest = pattern.substr(at);
  return prefix;
}

Bytes glob_escaped(BytesView literal) {
  Bytes pattern;
  for (const char c : literal) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace keyshift::proxy
