#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/backup_manifest.hpp"
#include "driver/backup_catalog.hpp"
#include "driver/backup_run.hpp"

namespace keyshift::cli {

/// What `keyshift backup list` shows of a directory, at the moment `now`.
nlohmann::json backup_document(const driver::BackupCatalog::Listing& listing, UnixMillis now);
/// The same as a table for people; texts of manifests are made printable.
std::string backup_table(const nlohmann::json& document);

/// One line for a terminal: "copying: 12.0 MiB of 40.1 MiB (30 %)".
std::string backup_progress_line(const driver::BackupProgress& progress);
/// "1.5 MiB"
std::string size_in_words(std::uint64_t bytes);
/// "3 min"
std::string age_in_words(milliseconds age);

}  // namespace keyshift::cli
