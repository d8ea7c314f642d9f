#include "transforms/utf8_check.hpp"

#include <cstdint>

namespace keyshift::transforms {

namespace {

std::uint32_t byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

/// Bytes of the character that begins with `first`; 0: none does.
std::size_t length_of(std::uint32_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/// Bytes of the valid character at `at`; 0: there is none (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF).
std::size_t character(std::string_view text, std::size_t at) {
  const std::size_t length = length_of(byte_at(text, at));
  if (length == 0 || at + length > text.size()) return 0;
  std::uint32_t code = length == 1 ? byte_at(text, at) : byte_at(text, at) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte_at(text, at + i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  return overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF ? 0 : length;
}

bool control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < ' ' && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

}  // namespace

std::optional<Diagnostic> check_utf8(std::string_view text) {
  std::size_t line = 1, column = 1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character(text, at);
    if (length == 0) return Diagnostic{line, column, "this byte is not UTF-8", "save the file as UTF-8"};
    if (length == 1 && control(text[at]))
      return Diagnostic{line, column, "a control character", "in double quotes YAML has escapes, such as \"\\x01\""};
    ++column;
    if (text[at] == '\n') ++line, column = 1;
    at += length;
  }
  return std::nullopt;
}

}  // namespace keyshift::transforms
