#include "driver/backup_check.hpp"

#include <fstream>

#include "control/backup_fault.hpp"
#include "driver/sha256.hpp"

namespace keyshift::driver {
using control::BackupFault;

Result<void> check_bytes(const BackupCatalog& catalog, const control::BackupEntry& entry, BackupRun& run) {
  const control::BackupManifest& m = entry.manifest;
  const std::string path = catalog.path(m.file);
  if (!entry.file_bytes) return control::fail(BackupFault::file_missing, path + " is not there");
  const std::string sizes =
      path + " has " + std::to_string(*entry.file_bytes) + " bytes, the manifest says " + std::to_string(m.bytes);
  if (*entry.file_bytes < m.bytes) return control::fail(BackupFault::truncated, sizes);
  if (*entry.file_bytes > m.bytes) return control::fail(BackupFault::altered, sizes);
  run.begin("comparing the checksum", "bytes", m.bytes);
  std::ifstream in(path, std::ios::binary);
  Sha256 digest;
  Bytes room(1 << 20, '\0');
  while (in) {
    in.read(room.data(), static_cast<std::streamsize>(room.size()));
    const auto read = static_cast<std::size_t>(in.gcount());
    digest.add(BytesView(room).substr(0, read));
    run.progress.done += read;
    if (!run.show()) return control::fail(BackupFault::interrupted, "stopped while comparing the checksum");
  }
  if (!in.is_open() || in.bad()) return control::fail(BackupFault::file_missing, path + " cannot be read");
  if (digest.hex() == m.sha256) return {};
  return control::fail(BackupFault::altered,
                       path + " has the SHA-256 " + digest.hex() + ", the manifest says " + printable(m.sha256, 64));
}

}  // namespace keyshift::driver
