#include "cli/backup_list.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

namespace keyshift::cli {
namespace {

using nlohmann::json;

json shown(const control::BackupEntry& entry, UnixMillis now) {
  const control::BackupManifest& m = entry.manifest;
  json out = json::parse(control::encode(m), nullptr, false);
  out["age_ms"] = (now - m.begun).count();
  out["file_there"] = entry.file_bytes == m.bytes;
  out["proven"] = m.proven() && entry.file_bytes == m.bytes;
  out["why_not"] = !entry.file_bytes             ? "file-missing"
                   : entry.file_bytes != m.bytes ? "truncated"
                   : !m.proof                    ? "not proven yet"
                                                 : m.proof->code;
  return out;
}

std::string state_of(const json& backup) {
  if (backup.value("proven", false)) return "proven";
  return "no: " + printable(backup.value("why_not", std::string()), 40);
}

}  // namespace

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
  return text;
}

std::string age_in_words(milliseconds age) {
  const auto s = age.count() / 1000;
  if (s < 120) return std::to_string(s) + " s";
  if (s < 7200) return std::to_string(s / 60) + " min";
  if (s < 48 * 3600) return std::to_string(s / 3600) + " h";
  return std::to_string(s / 86400) + " d";
}

json backup_document(const driver::BackupCatalog::Listing& listing, UnixMillis now) {
  json backups = json::array(), unreadable = json::array();
  for (const control::BackupEntry& entry : listing.backups) backups.push_back(shown(entry, now));
  for (const auto& each : listing.unreadable) unreadable.push_back({{"file", each.file}, {"why", each.why}});
  return {{"backups", std::move(backups)}, {"unreadable", std::move(unreadable)}};
}

std::string backup_table(const json& document) {
  using Row = std::array<std::string, 6>;
  std::vector<Row> rows{{"NAME", "PROVIDER", "RUN", "AGE", "SIZE", "PROVEN"}};
  for (const json& backup : document.at("backups"))
    rows.push_back({printable(backup.value("name", std::string())), backup.value("provider", std::string()),
                    printable(backup.at("stamp").value("run", std::string()), 32),
                    age_in_words(milliseconds(backup.value("age_ms", std::int64_t{0}))),
                    size_in_words(backup.value("bytes", std::uint64_t{0})), state_of(backup)});
  std::array<std::size_t, 6> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out += row[i] + (i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 2, ' ') : std::string("\n"));
  }
  if (rows.size() == 1) out = "no backup\n";
  for (const json& each : document.at("unreadable"))
    out +=
        printable(each.value("file", std::string())) + ": " + printable(each.value("why", std::string()), 300) + "\n";
  return out;
}

std::string backup_progress_line(const driver::BackupProgress& progress) {
  std::string out(progress.step);
  if (progress.unit.empty() || (progress.done == 0 && progress.total == 0)) return out;
  const auto amount = [&](std::uint64_t count) {
    return progress.unit == "bytes" ? size_in_words(count) : std::to_string(count) + " " + std::string(progress.unit);
  };
  out += ": " + amount(progress.done);
  if (progress.total == 0) return out;
  const double part = static_cast<double>(progress.done) / static_cast<double>(progress.total);
  char percent[16];
  std::snprintf(percent, sizeof percent, " (%.0f %%)", std::min(part, 1.0) * 100);
  return out + " of " + amount(progress.total) + percent;
}

}  // namespace keyshift::cli
