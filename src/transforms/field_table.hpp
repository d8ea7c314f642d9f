#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace keyshift::transforms {

/// What a field of a migration file holds.
enum class FieldType : std::uint8_t {
  map,       ///< fields of its own, rows below it
  list,      ///< entries, whose row has the same path and "[]"
  text,      ///< any text that is not empty
  name,      ///< [a-z0-9]([-a-z0-9]*[a-z0-9])?, 63 bytes at most
  version,   ///< semantic version
  pattern,   ///< key pattern (docs/key-patterns.md)
  url,       ///< Redis URL without a password
  integer,   ///< whole number from `low` to `high`
  number,    ///< decimal number from `low` to `high`
  duration,  ///< whole number and unit: ms, s, m, h, d; `low` and `high` in milliseconds
  size,      ///< whole number and unit: B, KiB, MiB, GiB; `low` and `high` in bytes
  choice,    ///< one of `choices`
  labels,    ///< text by any name; not looked at
  later,     ///< known, and refused by name until it is there: `meaning` says what to do without it
};

/// One field. The path has dots between names and [] behind a list.
struct FieldRow {
  std::string_view path;
  FieldType type;
  bool required;
  std::string_view fallback;  ///< as it would be written; empty: none
  std::uint64_t low, high;    ///< of numbers, durations, sizes; entries of a list
  std::string_view choices;   ///< separated by blanks
  std::string_view meaning;   ///< a line for people
};

/// Every field there is, parents in front of their children. Reader, JSON Schema and docs/migration-file.md come from
/// here alone.
std::span<const FieldRow> migration_fields() noexcept;

/// The row of `path`, or nullptr.
const FieldRow* field_row(std::string_view path) noexcept;

/// The last name of a row's path, without "[]"; the path of what it lies in.
std::string_view field_name(const FieldRow& row) noexcept;
std::string_view field_parent(const FieldRow& row) noexcept;

}  // namespace keyshift::transforms
