#include "control/spec.hpp"

#include <doctest/doctest.h>

#include "transforms/field_table.hpp"
#include "transforms/rule_set.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

constexpr const char* kFile = R"(apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: users-v2, labels: {team: a}}
spec:
  from: {schema: shop, version: 1.4.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://redis.example:6380/3", passwordFrom: {env: SECRET}}
  rules:
    - {name: session, from: {key: "sess:<token>"}, to: {key: "session:v2:<token>"}}
    - {name: "profile", from: {key: "us er:<id:int>", type: hash}, to: {key: "{us er:<id>}:profile"}}
  sweep: {max_keys_per_second: 500, max_server_latency_ms: 1.5}
  backup: {provider: rdb, directory: /backup, max_age: 10m, before: [start, cutover]}
  cutover: {mode: auto, reverse_window: 48h}
  bypass: {allow: [{user: exporter}, {addr: 10.0.3.7}, {name: probe}, {lib: redis-py}]}
  policy: {conflict: stop, transform_error: refuse, untranslatable: refuse, other_view: alias, flush: allow}
  limits: {hold: 700ms, big_value: 2MiB, rehearsal_failures: 4}
)";

transforms::MigrationFile file_of(std::string_view text) {
  auto read = transforms::read_migration(text);
  REQUIRE(read.migration.has_value());
  return *read.migration;
}

}  // namespace

TEST_CASE("a spec says all that the file says, but no address and no secret") {
  const auto file = file_of(kFile);
  const Bytes spec = encode_spec(file);
  CHECK(spec.find("redis.example") == Bytes::npos);
  CHECK(spec.find("SECRET") == Bytes::npos);
  const auto back = read_spec(spec);
  REQUIRE_MESSAGE(back.has_value(), (back ? "" : back.error().what));
  CHECK(encode_spec(*back) == spec);
  CHECK(back->name == "users-v2");
  CHECK(transforms::RuleSet(*back).database() == 3);
  CHECK(back->rules[1].type == "hash");
  CHECK(back->rules[1].from.text() == "us er:<id:int>");
  CHECK(back->sweep.max_server_latency == std::chrono::microseconds(1500));
  CHECK(back->hold_limit == std::chrono::milliseconds(700));
  CHECK(back->bypass_allow[1].addr == "10.0.3.7");
  CHECK(back->bypass_allow[2].name == "probe");
  CHECK(back->bypass_allow[3].library == "redis-py");
  CHECK(back->backup.before_start);
  CHECK(back->cutover.automatic);
  CHECK(back->policy.conflict == transforms::Policy::Conflict::stop);
}

TEST_CASE("every field of the migration file but addresses and labels is in the spec") {
  const Bytes spec = encode_spec(file_of(kFile));
  for (const auto& row : transforms::migration_fields()) {
    const bool apart = row.path.find("passwordFrom") != row.path.npos || row.path.starts_with("metadata.") ||
                       row.type == transforms::FieldType::later || row.path.ends_with("[]") ||
                       row.path.starts_with("spec.verify") ||  // one value only
                       row.path == "spec.bypass.policy" || row.path == "spec.rules[].to.type";
    if (apart) continue;
    CHECK_MESSAGE(spec.find("\"" + std::string(transforms::field_name(row)) + "\"") != Bytes::npos, row.path);
  }
}

TEST_CASE("files that mean the same have the same spec") {
  std::string other = kFile;
  other.replace(other.find("48h"), 3, "2d");
  other.replace(other.find("redis.example:6380"), 18, "elsewhere:6379");
  CHECK(encode_spec(file_of(other)) == encode_spec(file_of(kFile)));
}

TEST_CASE("a spec begins with what every version can read") {
  const Bytes spec = encode_spec(file_of(kFile));
  CHECK(
      spec.starts_with("keyshift-spec 1\ndatabase 3\nfamily 12 sess:<token> 18 session:v2:<token>\n"
                       "family 14 us er:<id:int> 20 {us er:<id>}:profile\ndocument {"));
  Bytes later = spec;
  later.replace(0, 15, "keyshift-spec 9");
  later.replace(later.find("document"), 8, "mystery");
  const auto read = read_spec(later);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().what.find("format 9") != std::string::npos);
  const auto families = read_spec_families(later);
  REQUIRE(families.has_value());
  const auto scope = scope_only(*families);
  REQUIRE(scope.has_value());
  const transforms::RuleSet rules(*scope);
  CHECK(rules.database() == 3);
  CHECK(rules.match("us er:7").rule == 1);
  CHECK(rules.match("session:v2:x").rule == 0);
  CHECK(rules.match("user:7").rule == -1);
}

TEST_CASE("a damaged spec is refused, whatever was done to it") {
  const Bytes spec = encode_spec(file_of(kFile));
  for (std::size_t n = 0; n < spec.size(); ++n) CHECK_FALSE(read_spec(BytesView(spec).substr(0, n)).has_value());
  for (std::size_t n = 0; n < spec.size(); n += 3) {
    Bytes changed = spec;
    changed[n] = '\x01';
    (void)read_spec(changed);  // read or refused, never a crash
  }
  CHECK_FALSE(read_spec_families("keyshift-spec 1\ndatabase 0\nfamily 99 a 1 b\n").has_value());
}
