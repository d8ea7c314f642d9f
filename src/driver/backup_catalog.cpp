#include "driver/backup_catalog.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "control/backup_fault.hpp"
#include "driver/backup_output.hpp"

namespace keyshift::driver {
namespace fs = std::filesystem;
using control::BackupEntry;
using control::BackupFault;
namespace {

constexpr std::string_view kExtension = ".json";
constexpr std::size_t kLongest = 1 << 20;

Error directory_error(const std::string& directory, const std::error_code& code) {
  return keyshift::fail(ErrorCode::system, directory + ": " + code.message());
}

}  // namespace

Result<BackupEntry> BackupCatalog::read(const std::string& name) const {
  const std::string file = name + std::string(kExtension);
  std::ifstream in(path(file), std::ios::binary);
  std::string text(kLongest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (!in.is_open() || in.bad()) return control::fail(BackupFault::manifest, path(file) + " cannot be read");
  auto manifest = control::read_manifest(text);
  if (!manifest) return keyshift::fail(manifest.error().code, manifest.error().what + " (" + path(file) + ")");
  if (manifest->name != name)
    return control::fail(BackupFault::manifest, path(file) + " is the manifest of " + printable(manifest->name, 64));
  std::error_code code;
  const auto bytes = fs::file_size(path(manifest->file), code);
  BackupEntry entry{std::move(*manifest), std::nullopt};
  if (!code) entry.file_bytes = bytes;
  return entry;
}

Result<BackupCatalog::Listing> BackupCatalog::list() const {
  Listing out;
  std::error_code code;
  for (fs::directory_iterator at(directory_, code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() != kExtension) continue;
    auto entry = read(at->path().stem().string());
    if (entry)
      out.backups.push_back(std::move(*entry));
    else
      out.unreadable.push_back({at->path().filename().string(), entry.error().what});
  }
  if (code) return directory_error(directory_, code);
  std::sort(out.backups.begin(), out.backups.end(), [](const BackupEntry& a, const BackupEntry& b) {
    return std::pair(a.manifest.begun, a.manifest.name) > std::pair(b.manifest.begun, b.manifest.name);
  });
  return out;
}

Result<BackupEntry> BackupCatalog::find(const std::string& name) const {
  if (!name.empty()) return read(name);
  auto listing = list();
  if (!listing) return listing.error();
  if (listing->backups.empty()) return control::fail(BackupFault::manifest, directory_ + " has no backup");
  return std::move(listing->backups.front());
}

Result<void> BackupCatalog::write(const control::BackupManifest& manifest) const {
  return replace_file(path(manifest.name + std::string(kExtension)), control::encode(manifest));
}

Result<void> BackupCatalog::remove(const control::BackupManifest& manifest) const {
  std::error_code code;
  fs::remove(path(manifest.file), code);
  if (!code) fs::remove(path(manifest.name + std::string(kExtension)), code);
  if (code) return directory_error(path(manifest.name), code);
  return {};
}

Result<std::vector<std::string>> retain_backups(const BackupCatalog& catalog, const control::BackupRetention& retention,
                                                UnixMillis now) {
  const auto listing = catalog.list();
  if (!listing) return listing.error();
  auto names = control::superseded(listing->backups, retention, now);
  for (const std::string& name : names) {
    const auto entry = catalog.find(name);
    if (!entry) return entry.error();
    if (const auto removed = catalog.remove(entry->manifest); !removed) return removed.error();
  }
  return names;
}

}  // namespace keyshift::driver
