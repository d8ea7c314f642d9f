#pragma once
#include <boost/asio/awaitable.hpp>

#include "base/result.hpp"
#include "control/backup_manifest.hpp"
#include "driver/backup_output.hpp"
#include "driver/backup_run.hpp"
#include "store/connection.hpp"
#include "store/url.hpp"

namespace keyshift::driver {

/// Copies what the server at `url` holds over its replication stream, as an RDB, to the end of `output`; fills the
/// place in the stream into `manifest`. Errors `psync-refused`, `connection-lost`, `stream-unreadable`, `disk-full`.
///
/// For the server this is a replica that comes for the RDB alone: one fork, as with BGSAVE; it keeps no commands for
/// it where it knows `rdb-only` (7.0).
boost::asio::awaitable<Result<void>> copy_rdb(store::Url url, store::ConnectOptions options, BackupOutput& output,
                                              control::BackupManifest& manifest, BackupRun& run);

}  // namespace keyshift::driver
