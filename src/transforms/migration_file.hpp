#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/diagnostic.hpp"
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

/// backup.* of the file: kept for the gates that will ask for it.
struct Backup {
  std::string provider = "none";
  std::string directory;
  std::chrono::milliseconds max_age{0};
  bool before_start = false, before_cutover = false;
};

/// cutover.* of the file.
struct Cutover {
  bool automatic = false;
  std::chrono::milliseconds reverse_window{0};
};

/// Clients that bypass.allow tolerates: by one of the four, the others empty (control/bypass.hpp says how they fit).
struct AllowedClient {
  std::string user, addr, name, library;
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
  std::uint64_t big_value = 1024 * 1024;  ///< bytes
  std::uint32_t rehearsal_failures = 0;   ///< records that may fail in a rehearsal
  Backup backup;
  Cutover cutover;
  std::vector<AllowedClient> bypass_allow;
};

/// What reading gives: the migration, or everything that is wrong with it at once.
struct MigrationRead {
  std::optional<MigrationFile> migration;  ///< set when diagnostics is empty
  std::vector<Diagnostic> diagnostics;
};

/// Reads and checks a migration file: unknown fields, wrong types, invalid patterns, captures that differ between the
/// sides, keys that could be cut in two ways, patterns that could clash (two rules, or a rule's own two sides, could
/// fit one key), reserved names, apart rules, targets and value transforms (refused by name for now). All diagnostics
/// at once, in the order of the text, a hundred at most. Never throws, whatever the text is; time and memory are
/// bounded.
MigrationRead read_migration(std::string_view text);

/// The JSON Schema of the file (draft 2020-12), generated from the same table that the reader uses.
std::string migration_json_schema();

/// docs/migration-file.md, generated from the same table.
std::string migration_file_page();

}  // namespace keyshift::transforms
