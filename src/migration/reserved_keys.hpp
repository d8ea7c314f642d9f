#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keyshift::migration {

/// The keys that Keyshift writes for itself, by kind.
enum class ReservedKey : std::uint8_t {
  control_record,
  epoch_key,
  nodes,
  spec,
  run_notes,
  report,
  audit,
  channel,
  probe,
  stamp,
  backup_mark,
  store_id,
  checkpoint,
  sweeper,
  quarantine,
  quarantined
};

/// One row of the one list of them: docs/formats.md is generated from it, and names are built from its kinds alone
/// (reserved_name.hpp). The views are literals.
struct ReservedKeyRow {
  ReservedKey key;
  std::string_view kind;        ///< second part of the name
  std::string_view name;        ///< whole, with placeholders in <>
  std::string_view database;    ///< in which it lies
  std::string_view type;        ///< of Redis
  std::string_view version;     ///< of what it holds, and where that stands; "-": has none
  std::string_view expires;     ///< when, if ever
  std::string_view holds;       ///< fields and their encoding
  std::string_view written_by;  ///< who, and when
  std::string_view cleaned_by;  ///< who takes it away, and when
};

/// All rows, in the order of their enumerators.
std::span<const ReservedKeyRow> reserved_keys() noexcept;
const ReservedKeyRow& reserved_key_row(ReservedKey key) noexcept;

/// docs/formats.md, in Markdown.
std::string formats_page();

}  // namespace keyshift::migration
