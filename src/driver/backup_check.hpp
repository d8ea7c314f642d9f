#pragma once
#include "base/result.hpp"
#include "driver/backup_catalog.hpp"
#include "driver/backup_run.hpp"

namespace keyshift::driver {

/// That the file is, byte for byte, what was written when it was taken. Errors `file-missing`, `truncated`, `altered`,
/// `interrupted`. Blocks.
Result<void> check_bytes(const BackupCatalog& catalog, const control::BackupEntry& entry, BackupRun& run);

}  // namespace keyshift::driver
