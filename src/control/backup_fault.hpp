#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace keyshift::control {

/// The one list of what can be wrong with a backup: name, code as users see it, kind of error, what it means.
/// docs/backup.md repeats it; a test compares.
#define KEYSHIFT_BACKUP_FAULTS(X)                                                                                      \
  X(disk, "disk-full", system, "the directory took no more bytes, or could not be written at all")                     \
  X(connection, "connection-lost", upstream, "the connection to Redis ended before the copy was whole")                \
  X(psync, "psync-refused", store, "the server gives nobody its replication stream; take a logical backup")            \
  X(stream, "stream-unreadable", store, "what the server sent is not a replication stream")                            \
  X(stamp_refused, "stamp-refused", store, "the stamp could not be written: a replica, a read-only server, or an ACL") \
  X(scan_refused, "scan-refused", store, "SCAN, DUMP or what else a logical backup needs was refused")                 \
  X(flip, "flip-under-way", gate, "a change of the control record does not end, or the record makes no sense")         \
  X(interrupted, "interrupted", system, "stopped by a signal")                                                         \
  X(manifest, "manifest-unreadable", system, "the manifest is missing, damaged, or of a version not known here")       \
  X(file_missing, "file-missing", system, "the manifest has no file beside it")                                        \
  X(truncated, "truncated", store, "the file is shorter than the manifest says, or ends before its end")               \
  X(altered, "altered", store, "the file's checksum is not the manifest's: at least one byte is another one")          \
  X(scratch, "scratch-failed", system, "the scratch redis-server did not start")                                       \
  X(unloadable, "unloadable", store, "the scratch redis-server could not load the file")                               \
  X(keys_missing, "keys-missing", store, "fewer keys came out than were there all the time while it was taken")        \
  X(before_stamp, "before-stamp", store, "the data was taken before this backup's stamp was written")                  \
  X(other_run, "other-run", store, "the data has the stamp of another run, not that of this one")                      \
  X(other_store, "other-store", store, "the data is that of another store")                                            \
  X(family_missing, "family-missing", store, "records of a rule were there when it was taken and are not in it")       \
  X(target_not_empty, "target-not-empty", gate, "the target has keys; --force restores all the same")                  \
  X(target_live, "target-live", gate, "the target has runs of migrations, or proxies are connected to it")             \
  X(restore_refused, "restore-refused", store, "the target refused a record")

enum class BackupFault : std::uint8_t {
#define X(name, code, kind, meaning) name,
  KEYSHIFT_BACKUP_FAULTS(X)
#undef X
};

struct BackupFaultRow {
  BackupFault fault;
  std::string_view code;
  ErrorCode kind;
  std::string_view meaning;
};

/// All rows, in the order of their enumerators. The views are literals.
std::span<const BackupFaultRow> backup_faults() noexcept;
std::string_view code(BackupFault fault) noexcept;

/// The error of that kind whose text begins with the code: "truncated: ...".
Error fail(BackupFault fault, const std::string& what);
/// The code that the text of an error of fail() begins with; empty for another error.
std::string_view fault_code(const Error& error) noexcept;

}  // namespace keyshift::control
