#include "control/backup_gate.hpp"

#include <algorithm>

namespace keyshift::control {
namespace {

/// Two machines' clocks may differ by so much without anybody being wrong.
constexpr milliseconds kClockSlack = seconds(60);

std::vector<const BackupEntry*> youngest_first(std::span<const BackupEntry> backups) {
  std::vector<const BackupEntry*> out;
  for (const BackupEntry& entry : backups) out.push_back(&entry);
  std::stable_sort(out.begin(), out.end(),
                   [](const BackupEntry* a, const BackupEntry* b) { return a->manifest.begun > b->manifest.begun; });
  return out;
}

std::string in_words(milliseconds time) {
  const auto s = time.count() / 1000;
  if (s < 120) return std::to_string(s) + " s";
  if (s < 7200) return std::to_string(s / 60) + " min";
  return std::to_string(s / 3600) + " h";
}

class Judge {
 public:
  Judge(const BackupEntry& entry, const BackupDemand& demand) : entry_(entry), demand_(demand) {}

  std::vector<BackupReason> reasons() {
    belongs();
    is_proven();
    is_young();
    return std::move(out_);
  }

 private:
  using enum BackupObstacle;
  void add(BackupObstacle obstacle, std::string what) {
    out_.push_back({obstacle, entry_.manifest.name, std::move(what)});
  }

  void belongs() {
    const BackupStamp& stamp = entry_.manifest.stamp;
    if (!demand_.run.empty() && stamp.run != demand_.run)
      add(other_run, "it was taken for the run " + printable(stamp.run, 64) + ", not for " + demand_.run);
    if (!demand_.store.empty() && stamp.store != demand_.store)
      add(other_store, "it is of another store: their ids differ");
  }

  void is_proven() {
    const BackupManifest& m = entry_.manifest;
    if (!entry_.file_bytes)
      add(file_missing, "its file is gone");
    else if (*entry_.file_bytes != m.bytes)
      add(file_missing,
          "its file has " + std::to_string(*entry_.file_bytes) + " bytes in place of " + std::to_string(m.bytes));
    if (!m.proof)
      add(not_proven, "nobody has proven it (keyshift backup prove)");
    else if (!m.proven())
      add(proof_failed, "its proof failed: " + m.proof->code);
  }

  void is_young() {
    const auto age = demand_.now - entry_.manifest.begun;
    if (age < -kClockSlack) {
      add(from_ahead, "it was begun " + in_words(-age) + " from now: one of the clocks is wrong");
    } else if (demand_.max_age.count() > 0 && age > demand_.max_age) {
      add(too_old, "it is " + in_words(age) + " old, " + in_words(demand_.max_age) + " is the limit");
    }
  }

  const BackupEntry& entry_;
  const BackupDemand& demand_;
  std::vector<BackupReason> out_;
};

bool same_family(const BackupEntry& a, const BackupEntry& b) {
  return a.manifest.stamp.run == b.manifest.stamp.run && a.manifest.stamp.store == b.manifest.stamp.store;
}

bool usable(const BackupEntry& entry) { return entry.manifest.proven() && entry.file_bytes == entry.manifest.bytes; }

}  // namespace

std::string_view code(BackupObstacle obstacle) noexcept {
  switch (obstacle) {
    case BackupObstacle::none_there:
      return "backup-none";
    case BackupObstacle::file_missing:
      return "backup-file-missing";
    case BackupObstacle::not_proven:
      return "backup-not-proven";
    case BackupObstacle::proof_failed:
      return "backup-proof-failed";
    case BackupObstacle::too_old:
      return "backup-too-old";
    case BackupObstacle::from_ahead:
      return "backup-from-ahead";
    case BackupObstacle::other_run:
      return "backup-other-run";
    case BackupObstacle::other_store:
      return "backup-other-store";
  }
  return "?";
}

BackupVerdict judge_backups(std::span<const BackupEntry> backups, const BackupDemand& demand) {
  BackupVerdict out;
  for (const BackupEntry* entry : youngest_first(backups)) {
    auto reasons = Judge(*entry, demand).reasons();
    if (reasons.empty()) return {true, entry->manifest.name, {}};
    out.reasons.insert(out.reasons.end(), std::make_move_iterator(reasons.begin()),
                       std::make_move_iterator(reasons.end()));
  }
  if (backups.empty())
    out.reasons.push_back({BackupObstacle::none_there, "", "there is no backup (keyshift backup create)"});
  return out;
}

std::vector<std::string> superseded(std::span<const BackupEntry> backups, const BackupRetention& retention,
                                    UnixMillis now) {
  std::vector<std::string> out;
  const auto sorted = youngest_first(backups);
  for (auto at = sorted.begin(); at != sorted.end(); ++at) {
    std::uint64_t younger = 0;
    bool proven_behind = false;
    for (auto other = sorted.begin(); other != at; ++other) {
      if (!same_family(**other, **at)) continue;
      ++younger;
      proven_behind |= usable(**other);
    }
    const bool too_many = retention.keep > 0 && younger >= retention.keep;
    const bool too_old = retention.max_age.count() > 0 && now - (*at)->manifest.begun > retention.max_age;
    if (proven_behind && (too_many || too_old)) out.push_back((*at)->manifest.name);
  }
  return out;
}

}  // namespace keyshift::control
