#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/backup_manifest.hpp"

namespace keyshift::control {

/// A backup as a directory shows it.
struct BackupEntry {
  BackupManifest manifest;
  std::optional<std::uint64_t> file_bytes;  ///< none: the file is not there
};

/// Why a backup does not open a gate.
enum class BackupObstacle : std::uint8_t {
  none_there,    ///< the directory has no backup at all
  file_missing,  ///< the file is gone, or has another size than was proven
  not_proven,    ///< nobody has proven it
  proof_failed,  ///< it was looked at, and is no good
  too_old,       ///< older than the limit
  from_ahead,    ///< begun later than now: a clock jumped, and its age says nothing
  other_run,     ///< taken for another run
  other_store,   ///< taken of another store
};
/// The code as users see it: "backup-too-old".
std::string_view code(BackupObstacle obstacle) noexcept;

struct BackupReason {
  BackupObstacle obstacle;
  std::string backup;  ///< its name; empty for none_there
  std::string what;    ///< for people: with code and backup a whole sentence
};

/// What a gate asks for.
struct BackupDemand {
  UnixMillis now{};
  milliseconds max_age{0};  ///< since it was begun; 0: any age
  std::string run, store;   ///< empty: any
};

/// May a gate that wants a proven backup open?
struct BackupVerdict {
  bool ok = false;
  std::string backup;                 ///< ok: the youngest one that will do
  std::vector<BackupReason> reasons;  ///< not ok: every reason, the youngest backup first
};
BackupVerdict judge_backups(std::span<const BackupEntry> backups, const BackupDemand& demand);

/// What is kept; 0: no such limit. A backup goes when it is beyond either.
struct BackupRetention {
  std::uint64_t keep = 0;   ///< so many of a run and store, the youngest ones
  milliseconds max_age{0};  ///< since it was begun
};

/// Names of the backups that may go: beyond what is kept, and older than a proven one of the same run and store. So
/// the youngest proven one never goes, nor one that is younger than it.
std::vector<std::string> superseded(std::span<const BackupEntry> backups, const BackupRetention& retention,
                                    UnixMillis now);

}  // namespace keyshift::control
