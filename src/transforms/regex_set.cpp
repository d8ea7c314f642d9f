#include "transforms/regex_set.hpp"

#include <optional>

namespace keyshift::transforms {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

ByteSet one(char byte) {
  ByteSet set;
  set.set(static_cast<unsigned char>(byte));
  return set;
}

template <class Holds>
ByteSet where(Holds holds) {
  ByteSet set;
  for (std::size_t b = 0; b < 256; ++b) set.set(b, holds(static_cast<char>(b)));
  return set;
}

ByteSet named_set(char lower) {
  if (lower == 'd') return where(is_digit);
  if (lower == 'w') return where([](char c) { return is_digit(c) || is_letter(c) || c == '_'; });
  return where([](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

ByteSet hex_byte(std::string_view text, std::size_t& at, std::string& error) {
  const auto high = at < text.size() ? hex_digit(text[at]) : std::nullopt;
  const auto low = at + 1 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
  if (!high || !low) {
    error = "\\x needs two hexadecimal digits";
    return {};
  }
  at += 2;
  return one(static_cast<char>(*high * 16 + *low));
}

/// The only byte of `set`, for the ends of a range.
std::optional<std::size_t> single(const ByteSet& set) {
  if (set.count() != 1) return std::nullopt;
  return set._Find_first();
}

ByteSet class_member(std::string_view text, std::size_t& at, std::string& error) {
  if (text[at] == '\\') return read_escape(text, at, error);
  return one(text[at++]);
}

/// One byte, escape or range inside [ ].
ByteSet class_item(std::string_view text, std::size_t& at, std::string& error) {
  const ByteSet first = class_member(text, at, error);
  const bool range = at + 1 < text.size() && text[at] == '-' && text[at + 1] != ']';
  if (!range || !error.empty()) return first;
  ++at;
  const ByteSet last = class_member(text, at, error);
  const auto low = single(first), high = single(last);
  if (!low || !high || *low > *high) {
    if (error.empty()) error = "a range needs one byte at each end, the lower one first";
    return {};
  }
  ByteSet set;
  for (std::size_t b = *low; b <= *high; ++b) set.set(b);
  return set;
}

}  // namespace

ByteSet read_escape(std::string_view text, std::size_t& at, std::string& error) {
  if (at + 1 >= text.size()) {
    error = "a backslash needs a character behind it";
    return {};
  }
  const char c = text[at + 1];
  at += 2;
  switch (c) {
    case 'd':
    case 'w':
    case 's':
      return named_set(c);
    case 'D':
      return ~named_set('d');
    case 'W':
      return ~named_set('w');
    case 'S':
      return ~named_set('s');
    case 'n':
      return one('\n');
    case 'r':
      return one('\r');
    case 't':
      return one('\t');
    case 'x':
      return hex_byte(text, at, error);
    default:
      break;
  }
  if (is_digit(c))
    error = "back-references are not regular and cannot be used here";
  else if (c == 'b' || c == 'B')
    error = "a capture fits as a whole: word boundaries have no meaning here";
  else if (is_letter(c))
    error = std::string("the escape \\") + c + " is not known";
  return one(c);
}

ByteSet read_class(std::string_view text, std::size_t& at, std::string& error) {
  ++at;
  const bool negated = at < text.size() && text[at] == '^';
  if (negated) ++at;
  ByteSet set;
  while (at < text.size() && text[at] != ']' && error.empty()) set |= class_item(text, at, error);
  if (!error.empty()) return {};
  if (at >= text.size()) {
    error = "this [ has no ]";
    return {};
  }
  ++at;
  if (negated) set.flip();
  if (set.none()) error = "this class holds no byte";
  return set;
}

}  // namespace keyshift::transforms
