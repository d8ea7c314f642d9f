#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "cli/option_table.hpp"

namespace keyshift::cli {

/// Readers of single values. Errors (usage) say what is wrong and what would be right, without naming the option.
Result<std::uint64_t> read_number(std::string_view text);
Result<std::uint64_t> read_bytes(std::string_view text);
Result<std::uint64_t> read_milliseconds(std::string_view text);
Result<bool> read_flag(std::string_view text);

/// Whether `text` is a value that `row` takes: its form, its bounds, its words.
Result<void> check_value(const OptionRow& row, std::string_view text);

}  // namespace keyshift::cli
