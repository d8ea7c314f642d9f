#include "migration/reserved_keys.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "golden/cli/page.hpp"
#include "migration/checkpoint.hpp"
#include "migration/reserved_name.hpp"

using namespace keyshift;
using namespace keyshift::migration;

namespace {
/// The name that the list promises, with its placeholders filled in.
Bytes filled(ReservedKey key, const std::map<Bytes, Bytes>& values) {
  Bytes name(reserved_key_row(key).name);
  name.resize(std::min(name.size(), name.find(';')));
  for (const auto& [placeholder, value] : values)
    for (auto at = name.find(placeholder); at != name.npos; at = name.find(placeholder))
      name.replace(at, placeholder.size(), value);
  return name;
}
}  // namespace

TEST_CASE("docs/formats.md is what the list of reserved keys says") {
  CHECK_MESSAGE(test::page_is("docs/formats.md", formats_page()),
                "run this program with KEYSHIFT_WRITE_DOCS=1 and commit the page");
}

TEST_CASE("the list of reserved keys is in the order of its enumerators, each kind once") {
  std::set<std::string_view> kinds;
  for (std::size_t i = 0; i < reserved_keys().size(); ++i) {
    const ReservedKeyRow& row = reserved_keys()[i];
    CHECK(static_cast<std::size_t>(row.key) == i);
    CHECK(kinds.insert(row.kind).second);
    CHECK(row.name.starts_with("keyshift:" + std::string(row.kind) + ":{"));
    for (const auto text :
         {row.database, row.type, row.version, row.expires, row.holds, row.written_by, row.cleaned_by})
      CHECK(!text.empty());
  }
}

TEST_CASE("keys have the names that the list promises") {
  const std::map<Bytes, Bytes> run{{"<run>", "users-v2"}};
  CHECK(checkpoint_name("users-v2") == filled(ReservedKey::checkpoint, run));
  CHECK(quarantined_name("users-v2") == filled(ReservedKey::quarantined, run));
  CHECK(sweeper_name("users-v2") == filled(ReservedKey::sweeper, run));
  CHECK(control_record_name() == filled(ReservedKey::control_record, {}));
  CHECK(epoch_key_name() == filled(ReservedKey::epoch_key, {}));
  CHECK(nodes_name() == filled(ReservedKey::nodes, {}));
  CHECK(spec_name("ab12") == filled(ReservedKey::spec, {{"<sha256>", "ab12"}}));
  CHECK(run_notes_name("users-v2") == filled(ReservedKey::run_notes, run));
  CHECK(report_name("pod-1") == filled(ReservedKey::report, {{"<proxy>", "pod-1"}}));
  CHECK(audit_name() == filled(ReservedKey::audit, {}));
  CHECK(control_channel_name() == filled(ReservedKey::channel, {}));
  CHECK(probe_name("12") == filled(ReservedKey::probe, {{"<token>", "12"}}));
  CHECK(stamp_name("users-v2") == filled(ReservedKey::stamp, run));
  CHECK(store_id_name() == filled(ReservedKey::store_id, {}));
  CHECK(quarantine_name("users-v2", "user:1") ==
        filled(ReservedKey::quarantine,
               {{"<run>", "users-v2"}, {"<key>", "user:1"}, {"<tag>", slot_tag(hash_slot("user:1"))}}));
}

TEST_CASE("a checkpoint of version 1 is these bytes, for ever") {
  Checkpoint c;
  c.run = "users-v2";
  c.rules = "84222325cbf29ce4";
  c.mode = Mode::to_new;
  c.server_run_id = "5f1bd2a3c4e5f60718293a4b5c6d7e8f90a1b2c3";
  c.cursor = 18446744073709551615u;
  c.pass = 2;
  c.scanned = 1234567;
  c.written = UnixMillis(std::chrono::milliseconds(1700000000123));
  c.counts = {{10, 9, 1, 0, 0, 0}, {7, 5, 0, 2, 2, 3}};
  const Bytes golden =
      "keyshift-checkpoint 1\n"
      "run users-v2\n"
      "rules 84222325cbf29ce4\n"
      "mode to-new\n"
      "server 5f1bd2a3c4e5f60718293a4b5c6d7e8f90a1b2c3\n"
      "cursor 18446744073709551615\n"
      "pass 2\n"
      "scanned 1234567\n"
      "written 1700000000123\n"
      "counts 10 9 1 0 0 0\n"
      "counts 7 5 0 2 2 3\n";
  CHECK(encode(c) == golden);
  const auto read = read_checkpoint(golden);
  REQUIRE(read.has_value());
  CHECK(*read == c);
}
