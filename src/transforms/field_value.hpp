#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transforms/field_table.hpp"

namespace keyshift::transforms {

/// Texts of the file as values; nullopt when they are none. No rounding, no blanks, no signs.
std::optional<std::uint64_t> read_integer(std::string_view text);
std::optional<double> read_number(std::string_view text);              ///< digits, perhaps with a decimal point
std::optional<std::uint64_t> read_duration_ms(std::string_view text);  ///< "2s", "15m": milliseconds
std::optional<std::uint64_t> read_size_bytes(std::string_view text);   ///< "1MiB": bytes
bool is_name(std::string_view text) noexcept;
bool is_version(std::string_view text) noexcept;
/// True when `word` is one of `choices`, which blanks separate.
bool is_choice(std::string_view choices, std::string_view word) noexcept;
/// "a, b or c".
std::string listed(std::string_view choices);

/// What is wrong with `text` as a value of `row`, as the end of a sentence that begins with the field; empty: nothing.
/// For types that are plain texts.
std::string value_problem(const FieldRow& row, std::string_view text);

/// Of the words that blanks separate in `known`, the one that `word` is most likely a slip of; empty: none is near.
std::string_view nearest(std::string_view known, std::string_view word);

}  // namespace keyshift::transforms
