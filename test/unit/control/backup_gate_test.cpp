#include "control/backup_gate.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

using namespace keyshift;
using namespace keyshift::control;

namespace {

UnixMillis at(int second) { return UnixMillis(seconds(second)); }

BackupEntry proven(const std::string& name, int second) {
  BackupEntry out;
  out.manifest.name = name;
  out.manifest.bytes = 100;
  out.manifest.begun = at(second);
  out.manifest.stamp.run = "run";
  out.manifest.stamp.store = "store";
  out.manifest.proof.emplace();
  out.file_bytes = 100;
  return out;
}

BackupEntry unproven(const std::string& name, int second) {
  BackupEntry out = proven(name, second);
  out.manifest.proof.reset();
  return out;
}

BackupDemand demand(int now) { return {at(now), seconds(60), "run", "store"}; }

std::vector<std::string> codes(const BackupVerdict& verdict) {
  std::vector<std::string> out;
  for (const BackupReason& reason : verdict.reasons)
    out.push_back(reason.backup + ":" + std::string(code(reason.obstacle)));
  return out;
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("a gate opens for the youngest backup that will do") {
  const auto verdict = judge_backups(std::vector{proven("a", 10), proven("b", 20), unproven("c", 30)}, demand(40));
  CHECK(verdict.ok);
  CHECK(verdict.backup == "b");
  CHECK(verdict.reasons.empty());
}

TEST_CASE("without any backup a gate says so") { CHECK(codes(judge_backups({}, demand(40))) == Codes{":backup-none"}); }

TEST_CASE("a gate that stays shut gives every reason, the youngest backup first") {
  BackupEntry failed = proven("failed", 4), gone = proven("gone", 3), cut = proven("cut", 2);
  failed.manifest.proof->code = "truncated";
  gone.file_bytes.reset();
  cut.file_bytes = 99;
  BackupEntry foreign = proven("foreign", 1);
  foreign.manifest.stamp.run = "other";
  foreign.manifest.stamp.store = "other";
  const auto verdict = judge_backups(std::vector{foreign, cut, gone, failed, unproven("new", 5)}, demand(5));
  CHECK_FALSE(verdict.ok);
  CHECK(codes(verdict) == Codes{"new:backup-not-proven", "failed:backup-proof-failed", "gone:backup-file-missing",
                                "cut:backup-file-missing", "foreign:backup-other-run", "foreign:backup-other-store"});
}

TEST_CASE("age counts from when a backup was begun, to the limit itself") {
  CHECK(judge_backups(std::vector{proven("a", 40)}, demand(100)).ok);
  CHECK(codes(judge_backups(std::vector{proven("a", 39)}, demand(100))) == Codes{"a:backup-too-old"});
  BackupDemand any_age = demand(100000);
  any_age.max_age = milliseconds(0);
  CHECK(judge_backups(std::vector{proven("a", 1)}, any_age).ok);
}

TEST_CASE("a backup from after now has no age: a clock jumped") {
  CHECK(judge_backups(std::vector{proven("a", 160)}, demand(100)).ok);  // clocks of two machines
  CHECK(codes(judge_backups(std::vector{proven("a", 161)}, demand(100))) == Codes{"a:backup-from-ahead"});
}

TEST_CASE("a gate that asks for no run and no store takes those of any") {
  CHECK(judge_backups(std::vector{proven("a", 1)}, {at(2), seconds(60), "", ""}).ok);
}

TEST_CASE("what is beyond the youngest few goes once a younger one is proven") {
  const std::vector backups{proven("a", 1), unproven("b", 2), proven("c", 3), unproven("d", 4)};
  CHECK(superseded(backups, {2, {}}, at(5)) == Codes{"b", "a"});
  CHECK(superseded(backups, {1, {}}, at(5)) == Codes{"b", "a"});  // c is the last proven one
  CHECK(superseded(backups, {4, {}}, at(5)).empty());
  CHECK(superseded(backups, {}, at(5)).empty());
}

TEST_CASE("what is too old goes once a younger one is proven") {
  const std::vector backups{proven("a", 1), proven("b", 50)};
  CHECK(superseded(backups, {0, seconds(60)}, at(70)) == Codes{"a"});
  CHECK(superseded(backups, {0, seconds(60)}, at(1000)) == Codes{"a"});
}

TEST_CASE("backups of another run or store supersede nothing here") {
  BackupEntry run = proven("run", 2), store = proven("store", 3);
  run.manifest.stamp.run = "other";
  store.manifest.stamp.store = "other";
  CHECK(superseded(std::vector{proven("a", 1), run, store}, {1, seconds(1)}, at(1000)).empty());
}

TEST_CASE("the youngest proven backup whose file is whole never goes") {
  rc::check([] {
    std::vector<BackupEntry> backups;
    const auto count = *rc::gen::inRange(1, 8);
    for (int i = 0; i < count; ++i) {
      const bool good = *rc::gen::arbitrary<bool>();
      backups.push_back(good ? proven(std::to_string(i), i) : unproven(std::to_string(i), i));
      if (*rc::gen::inRange(0, 4) == 0) backups.back().file_bytes.reset();
    }
    const BackupRetention retention{*rc::gen::inRange<std::uint64_t>(0, 4), seconds(*rc::gen::inRange(0, 4))};
    const auto gone = superseded(backups, retention, at(100));
    const auto usable = [](const BackupEntry& e) { return e.manifest.proven() && e.file_bytes == e.manifest.bytes; };
    const auto last = std::find_if(backups.rbegin(), backups.rend(), usable);
    if (last == backups.rend()) {
      RC_ASSERT(gone.empty());
    } else {
      RC_ASSERT(std::find(gone.begin(), gone.end(), last->manifest.name) == gone.end());
    }
  });
}
