#pragma once
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace keyshift::resp {

/// The integer that `text` is, written as Redis writes it (string2ll): no sign but '-', no leading zeros, no "-0",
/// within 64 bits. The lengths of requests and replies are read by this rule.
inline std::optional<std::int64_t> read_integer(BytesView text) noexcept {
  const BytesView digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
  if (digits.front() == '0' && text.size() > 1) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// read_short_length() for a line of any size.
inline const char* read_longer_length(const char* at, const char* end, std::size_t& value) noexcept {
  if (end - at < 3) return nullptr;
  auto digit = static_cast<unsigned char>(*at - '0');
  if (digit > 9 || (digit == 0 && at[1] != '\r')) return nullptr;
  const char* const last = end - at > 11 ? at + 9 : end - 2;
  std::size_t number = 0;
  do {
    number = number * 10 + digit;
    digit = static_cast<unsigned char>(*++at - '0');
  } while (digit <= 9 && at < last);
  if (*at != '\r') return nullptr;
  value = number;
  return at + 2;
}

/// Fast road for the usual length line: at most nine digits at `at`, a CR and one byte more, all before `end`. Gives
/// the place behind that byte and sets `value`; nullptr when the line is anything else, which says nothing about it.
/// Four such lines go by for each GET and its reply, nearly all of one digit or two: those are read without a loop.
[[gnu::always_inline]] inline const char* read_short_length(const char* at, const char* end,
                                                            std::size_t& value) noexcept {
  if (end - at >= 4) {
    const auto first = static_cast<unsigned char>(at[0] - '0');
    const auto second = static_cast<unsigned char>(at[1] - '0');
    if (first <= 9 && at[1] == '\r') {
      value = first;
      return at + 3;
    }
    if (first >= 1 && first <= 9 && second <= 9 && at[2] == '\r') {
      value = first * 10U + second;
      return at + 4;
    }
  }
  return read_longer_length(at, end, value);
}

}  // namespace keyshift::resp
