#include "cli/option_values.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace keyshift::cli {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array<Unit, 5> byte_units{{{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};
constexpr std::array<Unit, 5> time_units{{{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};

Error wrong(std::string_view text, std::string_view wanted) {
  return fail(ErrorCode::usage, "'" + printable(text, 64) + "' is not " + std::string(wanted));
}

Result<std::uint64_t> with_unit(std::string_view text, std::span<const Unit> units, std::string_view wanted) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{}) return wrong(text, wanted);
  const std::string_view unit = text.substr(static_cast<std::size_t>(read.ptr - text.data()));
  for (const Unit& u : units) {
    if (u.name != unit) continue;
    if (number > std::numeric_limits<std::uint64_t>::max() / u.factor) return wrong(text, "a number of this world");
    return number * u.factor;
  }
  return wrong(text, wanted);
}

Result<void> in_bounds(const OptionRow& row, const Result<std::uint64_t>& value, std::string_view unit) {
  if (!value) return value.error();
  if (*value >= row.least && *value <= row.most) return {};
  return fail(ErrorCode::usage,
              "must be from " + std::to_string(row.least) + " to " + std::to_string(row.most) + std::string(unit));
}

bool one_of(std::string_view words, std::string_view text) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find('|'));
    if (word == text) return true;
    words.remove_prefix(std::min(words.size(), word.size() + 1));
  }
  return false;
}

}  // namespace

Result<std::uint64_t> read_number(std::string_view text) {
  return with_unit(text, std::span(byte_units).first(1), "a whole number");
}

Result<std::uint64_t> read_bytes(std::string_view text) {
  return with_unit(text, byte_units, "a number of bytes (write 65536, 64KiB, 4MiB or 1GiB)");
}

Result<std::uint64_t> read_milliseconds(std::string_view text) {
  return with_unit(text, time_units, "a time (write 500ms, 30s, 5m or 1h; a bare number is seconds)");
}

Result<bool> read_flag(std::string_view text) {
  if (text == "true" || text == "on" || text == "1") return true;
  if (text == "false" || text == "off" || text == "0") return false;
  return wrong(text, "true or false");
}

Result<void> check_value(const OptionRow& row, std::string_view text) {
  switch (row.kind) {
    case OptionKind::number:
      return in_bounds(row, read_number(text), "");
    case OptionKind::bytes:
      return in_bounds(row, read_bytes(text), " bytes");
    case OptionKind::duration:
      return in_bounds(row, read_milliseconds(text), " ms");
    case OptionKind::choice:
      if (one_of(row.values, text)) return {};
      return wrong(text, "one of " + std::string(row.values));
    case OptionKind::flag:
      if (const auto read = read_flag(text); !read) return read.error();
      return {};
    case OptionKind::text:
    case OptionKind::list:
    case OptionKind::file:
      if (text.empty()) return fail(ErrorCode::usage, "must not be empty");
      return {};
  }
  return {};
}

}  // namespace keyshift::cli
