#pragma once
#include <boost/asio/awaitable.hpp>
#include <optional>

#include "base/result.hpp"
#include "control/backup_blocks.hpp"
#include "control/backup_manifest.hpp"
#include "driver/backup_catalog.hpp"
#include "driver/backup_output.hpp"
#include "driver/backup_run.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {

/// A logical backup that somebody began and did not end: its <file>.part is its own checkpoint.
struct UnfinishedBackup {
  control::BackupManifest manifest;  ///< as it was when it was begun
  control::BackupBlock last;         ///< the last whole block
  std::uint64_t records = 0;
  BackupOutput output;  ///< behind that block; locked
};

/// The one in the directory that can go on: of the same run, store and life of the server (cursors of SCAN are worth
/// nothing to another one) as `wanted`, with nobody at work on it. Those of that run and store that cannot are removed.
std::optional<UnfinishedBackup> find_unfinished(const BackupCatalog& catalog, const control::BackupManifest& wanted);

/// Copies what the server holds by SCAN and DUMP to the end of `output`: from the beginning, or behind `last` with
/// `records` records before it. Errors `scan-refused`, `disk-full`, or those of the connection; what was written stays.
boost::asio::awaitable<Result<void>> copy_records(store::Connection& connection,
                                                  const control::BackupManifest& manifest,
                                                  const control::BackupBlock* last, std::uint64_t records,
                                                  BackupOutput& output, BackupRun& run);

inline constexpr std::string_view kLogicalExtension = ".ksb";

}  // namespace keyshift::driver
