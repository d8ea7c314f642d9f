#pragma once
#include <charconv>
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

}  // namespace keyshift::resp
