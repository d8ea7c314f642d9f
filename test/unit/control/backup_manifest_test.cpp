#include "control/backup_manifest.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "control/backup_fault.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

BackupManifest some_manifest() {
  BackupManifest m;
  m.name = "users-v2-20261121T172055.123Z";
  m.file = m.name + ".rdb";
  m.bytes = 123456;
  m.sha256 = "ab12";
  m.stamp = {"users-v2", "0123", "4567", UnixMillis(milliseconds(1700000000123))};
  m.server_run_id = "5f1b";
  m.server_version = "7.0.15";
  m.replication_id = "89ab";
  m.replication_offset = 42;
  m.databases = 32;
  m.keys = {{0, 10, 11}, {3, 1, 0}};
  m.rules = {{"profile", 7}};
  m.begun = UnixMillis(milliseconds(1700000000100));
  m.ended = UnixMillis(milliseconds(1700000000200));
  m.taken_by = "me@here";
  m.version = "0.1.0";
  m.proof = BackupProof{"truncated", "truncated: short", UnixMillis(milliseconds(5)), "me@here", "7.0.15", 9, 2};
  return m;
}

/// The manifest's text with `from` replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = encode(some_manifest());
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a manifest is read as it was written") {
  BackupManifest m = some_manifest();
  CHECK(read_manifest(encode(m)).value() == m);
  m.proof.reset();
  m.provider = BackupProvider::logical;
  CHECK(read_manifest(encode(m)).value() == m);
}

TEST_CASE("a manifest that makes no sense is refused, with the field that is wrong") {
  const auto why = [](const std::string& text) {
    const auto read = read_manifest(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(fault_code(read.error()) == "manifest-unreadable");
    return read.error().what;
  };
  CHECK(why("") != "");
  CHECK(why("[1]") != "");
  CHECK(why(changed("\"format\": 1", "\"format\": 2")).find("format 2") != std::string::npos);
  CHECK(why(changed("\"bytes\": 123456", "\"bytes\": -1")).find("bytes") != std::string::npos);
  CHECK(why(changed("\"word\": \"4567\"", "\"word\": 4567")).find("stamp.word") != std::string::npos);
  CHECK(why(changed("\"records\": 7", "\"records\": {}")).find("rules.records") != std::string::npos);
  CHECK(why(changed("\"databases\": 32", "\"databases\": 99999999")).find("server.databases") != std::string::npos);
  CHECK(why(changed("\"provider\": \"rdb\"", "\"provider\": \"tape\"")).find("tape") != std::string::npos);
}

TEST_CASE("a manifest names a file beside it and no other one") {
  for (const char* file : {"../../etc/passwd", "/etc/passwd", "", ".hidden", "a\\u0000b"})
    CHECK_FALSE(read_manifest(changed("\"file\": \"users-v2-20261121T172055.123Z.rdb\"",
                                      "\"file\": \"" + std::string(file) + "\""))
                    .has_value());
}

TEST_CASE("no bytes make the reader of manifests fall over") {
  rc::check([] {
    std::string text = encode(some_manifest());
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = *rc::gen::arbitrary<char>();
    if (*rc::gen::arbitrary<bool>()) text.resize(at);
    const auto read = read_manifest(text);
    RC_ASSERT(read.has_value() || fault_code(read.error()) == "manifest-unreadable");
  });
}

TEST_CASE("a stamp of version 1 is these bytes, for ever") {
  const BackupStamp stamp{"users-v2", "00ff", "1234", UnixMillis(milliseconds(1700000000123))};
  const Bytes golden = "keyshift-stamp 1\nrun users-v2\nstore 00ff\nword 1234\nwritten 1700000000123\n";
  CHECK(encode(stamp) == golden);
  CHECK(read_stamp(golden) == stamp);
  for (const Bytes& other : {Bytes(), Bytes("keyshift-stamp 2\n"), golden.substr(0, golden.size() - 1), golden + "x\n",
                             Bytes("keyshift-stamp 1\nrun a\nstore b\nword c\nwritten x\n")})
    CHECK_FALSE(read_stamp(other).has_value());
}

TEST_CASE("faults have codes of their own, and docs/backup.md says what each means") {
  const auto page = std::filesystem::path(__FILE__).parent_path() / "../../../docs/backup.md";
  std::ostringstream text;
  text << std::ifstream(page).rdbuf();
  std::set<std::string_view> codes;
  for (const BackupFaultRow& row : backup_faults()) {
    CHECK(&row == &backup_faults()[static_cast<std::size_t>(row.fault)]);
    CHECK(codes.insert(row.code).second);
    CHECK(fault_code(fail(row.fault, "what: it was")) == row.code);
    const std::string line = "| `" + std::string(row.code) + "` | " + std::string(row.meaning) + " |";
    CHECK_MESSAGE(text.str().find(line) != std::string::npos, line);
  }
  CHECK(fault_code(keyshift::fail(ErrorCode::store, "nothing of ours: truncated")).empty());
}
