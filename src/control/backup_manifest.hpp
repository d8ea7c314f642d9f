#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "control/backup_stamp.hpp"

namespace keyshift::control {

/// Who takes a backup.
enum class BackupProvider : std::uint8_t { rdb, logical };
std::string_view name(BackupProvider provider) noexcept;
std::optional<BackupProvider> backup_provider_of(std::string_view name) noexcept;

/// Keys of one database as INFO keyspace counted them. A hint: clients went on writing in between.
struct DatabaseKeys {
  int database = 0;
  std::uint64_t before = 0, after = 0;
  bool operator==(const DatabaseKeys&) const = default;
};

/// Records of a rule, under either name, as SCAN met them right before the copy. A hint, for the same reason.
struct RuleRecords {
  std::string rule;
  std::uint64_t records = 0;
  bool operator==(const RuleRecords&) const = default;
};

/// The result of a proof: of the last one.
struct BackupProof {
  std::string code;    ///< empty: proven; else that of a BackupFault
  std::string detail;  ///< for people
  UnixMillis at{};
  std::string by;             ///< user@host
  std::string server;         ///< version of the scratch redis-server; empty when none was started
  std::uint64_t keys = 0;     ///< that came out of it
  std::uint64_t expired = 0;  ///< that had expired since, and were not loaded
  bool operator==(const BackupProof&) const = default;
};

/// What stands beside a backup: what it is, from where, and whether it was proven. A file <name>.json of its own.
struct BackupManifest {
  std::string name;
  BackupProvider provider = BackupProvider::rdb;
  std::string file;  ///< its name, in the same directory
  std::uint64_t bytes = 0;
  std::string sha256;  ///< hexadecimal
  BackupStamp stamp;   ///< names run and store, too
  std::string server_run_id, server_version;
  std::string replication_id;  ///< rdb: where in the replication stream it was taken
  std::int64_t replication_offset = -1;
  int databases = 16;
  std::vector<DatabaseKeys> keys;
  std::vector<RuleRecords> rules;  ///< when a migration file was given
  UnixMillis begun{}, ended{};
  std::string taken_by;  ///< user@host
  std::string version;   ///< of keyshift
  std::optional<BackupProof> proof;
  bool operator==(const BackupManifest&) const = default;
  [[nodiscard]] bool proven() const noexcept { return proof && proof->code.empty(); }
};

inline constexpr int kManifestFormat = 1;

/// JSON, for people and programs; docs/backup.md has the fields.
std::string encode(const BackupManifest& manifest);
/// Error `manifest-unreadable` for anything else than a manifest of this format, with what is wrong.
Result<BackupManifest> read_manifest(std::string_view text);

}  // namespace keyshift::control
