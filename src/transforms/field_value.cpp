#include "transforms/field_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::transforms {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array kTimes{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                            Unit{"d", 86'400'000}};
constexpr std::array kSizes{Unit{"B", 1}, Unit{"KiB", 1ULL << 10U}, Unit{"MiB", 1ULL << 20U}, Unit{"GiB", 1ULL << 30U}};

bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool lower_or_digit(char c) noexcept { return digit(c) || (c >= 'a' && c <= 'z'); }

template <std::size_t N>
std::optional<std::uint64_t> read_with_unit(std::string_view text, const std::array<Unit, N>& units) {
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), digit) - text.begin());
  const std::optional<std::uint64_t> amount = read_integer(text.substr(0, end));
  if (!amount) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != text.substr(end)) continue;
    if (*amount > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return *amount * unit.factor;
  }
  return std::nullopt;
}

template <class Visit>
void each_word(std::string_view words, Visit visit) {
  while (!words.empty()) {
    const std::size_t blank = words.find(' ');
    visit(words.substr(0, blank));
    words = blank == std::string_view::npos ? std::string_view{} : words.substr(blank + 1);
  }
}

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

/// Amounts in the unit that reads best.
template <std::size_t N>
std::string shown(std::uint64_t amount, const std::array<Unit, N>& units) {
  const Unit* best = &units[0];
  for (const Unit& unit : units) {
    if (amount != 0 && amount % unit.factor == 0) best = &unit;
  }
  return std::to_string(amount / best->factor) + std::string(best->name);
}

std::string integer_problem(const FieldRow& row, std::string_view text) {
  const std::optional<std::uint64_t> value = read_integer(text);
  if (value && *value >= row.low && *value <= row.high) return {};
  return "is a whole number from " + std::to_string(row.low) + " to " + std::to_string(row.high);
}

std::string number_problem(const FieldRow& row, std::string_view text) {
  const std::optional<double> value = read_number(text);
  if (value && *value > static_cast<double>(row.low) && *value <= static_cast<double>(row.high)) return {};
  return "is a number above " + std::to_string(row.low) + " and up to " + std::to_string(row.high);
}

std::string duration_problem(const FieldRow& row, std::string_view text) {
  const std::optional<std::uint64_t> value = read_duration_ms(text);
  if (!value) return "is a whole number with its unit: ms, s, m, h or d, as in 15m";
  if (*value >= row.low && *value <= row.high) return {};
  return "is a time from " + shown(row.low, kTimes) + " to " + shown(row.high, kTimes);
}

std::string size_problem(const FieldRow& row, std::string_view text) {
  const std::optional<std::uint64_t> value = read_size_bytes(text);
  if (!value) return "is a whole number with its unit: B, KiB, MiB or GiB, as in 1MiB";
  if (*value >= row.low && *value <= row.high) return {};
  return "is a size from " + shown(row.low, kSizes) + " to " + shown(row.high, kSizes);
}

}  // namespace

std::optional<std::uint64_t> read_integer(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> read_number(std::string_view text) {
  double value = 0;
  if (text.empty() || text.size() > 30 || text.find_first_not_of("0123456789.") != std::string_view::npos)
    return std::nullopt;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> read_duration_ms(std::string_view text) { return read_with_unit(text, kTimes); }
std::optional<std::uint64_t> read_size_bytes(std::string_view text) { return read_with_unit(text, kSizes); }

bool is_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return lower_or_digit(c) || c == '-'; });
}

bool is_version(std::string_view text) noexcept {
  const std::size_t core = std::min(text.find('-'), text.find('+'));
  const std::string_view rest = core == std::string_view::npos ? std::string_view{} : text.substr(core + 1);
  const auto allowed = [](char c) {
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+';
  };
  if (core != std::string_view::npos && (rest.empty() || !std::all_of(rest.begin(), rest.end(), allowed))) return false;
  std::string_view numbers = text.substr(0, core);
  for (int i = 0; i < 3; ++i) {
    const std::size_t dot = i < 2 ? numbers.find('.') : numbers.size();
    if (dot == std::string_view::npos || dot == 0 || dot > 9) return false;
    const std::string_view number = numbers.substr(0, dot);
    if (!std::all_of(number.begin(), number.end(), digit) || (number.size() > 1 && number[0] == '0')) return false;
    numbers.remove_prefix(std::min(dot + 1, numbers.size()));
  }
  return numbers.empty();
}

bool is_choice(std::string_view choices, std::string_view word) noexcept {
  bool found = false;
  each_word(choices, [&](std::string_view choice) { found |= choice == word; });
  return found;
}

std::string listed(std::string_view choices) {
  std::string text;
  std::size_t left = static_cast<std::size_t>(std::count(choices.begin(), choices.end(), ' '));
  each_word(choices, [&](std::string_view choice) {
    text += choice;
    if (left > 0) text += left == 1 ? " or " : ", ";
    --left;
  });
  return text;
}

std::string value_problem(const FieldRow& row, std::string_view text) {
  switch (row.type) {
    case FieldType::text:
      return text.empty() ? "is empty" : "";
    case FieldType::name:
      return is_name(text) ? "" : "is made of lower case letters, digits and '-' inside, 63 at most";
    case FieldType::version:
      return is_version(text) ? "" : "is a version such as 1.4.0";
    case FieldType::integer:
      return integer_problem(row, text);
    case FieldType::number:
      return number_problem(row, text);
    case FieldType::duration:
      return duration_problem(row, text);
    case FieldType::size:
      return size_problem(row, text);
    case FieldType::choice:
      return is_choice(row.choices, text) ? "" : "is " + listed(row.choices);
    default:
      return {};
  }
}

std::string_view nearest(std::string_view known, std::string_view word) {
  std::string_view best;
  if (word.size() > 64) return best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  each_word(known, [&](std::string_view candidate) {
    const std::size_t d = equal_ignoring_case(candidate, word) ? 0 : distance(candidate, word);
    if (d < least && d < candidate.size()) least = d, best = candidate;
  });
  return best;
}

}  // namespace keyshift::transforms
