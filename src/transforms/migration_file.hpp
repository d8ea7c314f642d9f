#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/key_pattern.hpp"

namespace keyshift::transforms {

/// A schema and the version of it that one side of the migration is.
struct SchemaVersion {
  std::string schema;
  std::string version;
};

/// One rule: a family of the old schema becomes one of the new. Renames only for now: both sides have the same
/// captures.
struct Rule {
  std::string name;
  KeyPattern from;
  KeyPattern to;
  std::string type;  ///< Redis type named in the file, or empty
  bool near = true;  ///< both names share one slot for all captures (or the store is one server)
};

/// policy.* of the file (docs/migration-file.md).
struct Policy {
  enum class Conflict : std::uint8_t { keep_new, keep_old, stop };
  enum class OtherView : std::uint8_t { refuse, alias };
  enum class Flush : std::uint8_t { refuse, allow };
  enum class TransformError : std::uint8_t { serve_old, refuse };
  enum class Untranslatable : std::uint8_t { scratch, refuse };
  Conflict conflict = Conflict::keep_new;
  OtherView other_view = OtherView::refuse;
  Flush flush = Flush::refuse;
  TransformError transform_error = TransformError::serve_old;
  Untranslatable untranslatable = Untranslatable::scratch;
};

struct Sweep {
  std::uint32_t max_keys_per_second = 20000;           ///< 0: no limit
  std::chrono::microseconds max_server_latency{2000};  ///< above it the sweep slows down
};

/// Where a password comes from; never the password itself.
struct PasswordFrom {
  std::string file, env, secret_name, secret_key;
};

struct Endpoint {
  std::string url;
  PasswordFrom password;
};

/// A migration file (apiVersion keyshift.io/v1alpha1, kind Migration), read and checked.
struct MigrationFile {
  std::string name;
  SchemaVersion from, to;
  Endpoint source;
  std::vector<Rule> rules;
  Policy policy;
  Sweep sweep;
  std::chrono::milliseconds hold_limit{2000};
  std::uint64_t big_value = 1024 * 1024;
};

/// One thing that is wrong with a file. Line and column begin at 1; 0: the file as a whole.
struct Diagnostic {
  std::size_t line = 0, column = 0;
  std::string what;  ///< what is wrong
  std::string hint;  ///< what to do; may be empty
};

/// "file:line:column: error: what (hint)".
std::string to_text(const Diagnostic& diagnostic, std::string_view file);

/// What reading gives: the migration, or everything that is wrong with it at once.
struct MigrationRead {
  std::optional<MigrationFile> migration;  ///< set when diagnostics is empty
  std::vector<Diagnostic> diagnostics;
};

/// Reads and checks a migration file: unknown fields, wrong types, invalid patterns, captures that differ between the
/// sides, patterns that could clash (two rules, or a rule's own two sides, could fit one key), reserved names, apart
/// rules and targets (refused by name for now). Never throws, whatever the text is.
MigrationRead read_migration(std::string_view text);

/// The JSON Schema of the file, generated from the same table that the reader uses.
std::string migration_json_schema();

}  // namespace keyshift::transforms
