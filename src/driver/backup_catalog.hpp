#pragma once
#include <string>
#include <vector>

#include "base/result.hpp"
#include "control/backup_gate.hpp"
#include "control/backup_manifest.hpp"

namespace keyshift::driver {

/// The backups of one directory: <name>.json and, beside it, the file that it names.
class BackupCatalog {
 public:
  explicit BackupCatalog(std::string directory) : directory_(std::move(directory)) {}

  /// A manifest that cannot be read.
  struct Unreadable {
    std::string file, why;
  };
  struct Listing {
    std::vector<control::BackupEntry> backups;  ///< the youngest first
    std::vector<Unreadable> unreadable;
  };
  /// Error `system` when the directory cannot be read.
  [[nodiscard]] Result<Listing> list() const;
  /// The backup of that name; an empty name: the youngest one. Errors `manifest-unreadable`, `file-missing`.
  [[nodiscard]] Result<control::BackupEntry> find(const std::string& name) const;

  /// Replaces the manifest of that name, or makes it. Error `disk-full`.
  [[nodiscard]] Result<void> write(const control::BackupManifest& manifest) const;
  /// The file, then its manifest.
  [[nodiscard]] Result<void> remove(const control::BackupManifest& manifest) const;

  [[nodiscard]] std::string path(const std::string& file) const { return directory_ + "/" + file; }
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

 private:
  [[nodiscard]] Result<control::BackupEntry> read(const std::string& name) const;

  std::string directory_;
};

/// Removes what superseded() names; gives their names. Errors as remove().
Result<std::vector<std::string>> retain_backups(const BackupCatalog& catalog, const control::BackupRetention& retention,
                                                UnixMillis now);

}  // namespace keyshift::driver
