#include "transforms/migration_file.hpp"

#include <doctest/doctest.h>

#include "transforms/field_table.hpp"
#include "transforms/field_value.hpp"
#include "transforms/source_url.hpp"
#include "transforms/utf8_check.hpp"

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

std::string file_with(const std::string& settings,
                      const std::string& rules = "    - {name: a, from: {key: \"a:<x>\"}, to: {key: \"b:<x>\"}}\n") {
  return "apiVersion: keyshift.io/v1alpha1\nkind: Migration\nmetadata: {name: m}\nspec:\n"
         "  from: {schema: s, version: 1.0.0}\n  to: {schema: s, version: 2.0.0-rc.1+b}\n"
         "  source: {url: \"unix:///run/redis.sock?db=5\", passwordFrom: {env: REDIS_PASSWORD}}\n" +
         settings + "  rules:\n" + rules;
}

MigrationFile accepted(const std::string& text) {
  MigrationRead read = read_migration(text);
  for (const Diagnostic& diagnostic : read.diagnostics) MESSAGE(to_text(diagnostic, "file"));
  REQUIRE(read.migration.has_value());
  return std::move(*read.migration);
}

std::string first_problem(const std::string& text) {
  const MigrationRead read = read_migration(text);
  CHECK(read.migration.has_value() == read.diagnostics.empty());
  return read.diagnostics.empty() ? "" : read.diagnostics[0].what;
}

}  // namespace

TEST_CASE("what a file says is what the migration holds") {
  const MigrationFile file = accepted(file_with(
      "  sweep: {max_keys_per_second: 0, max_server_latency_ms: 1.5}\n"
      "  backup: {provider: rdb, directory: /b, max_age: 2h, before: [cutover]}\n"
      "  cutover: {mode: auto, reverse_window: 2d}\n"
      "  bypass: {allow: [{user: exporter}, {addr: 10.0.3.7}, {name: probe-*}, {lib: redis-py}]}\n"
      "  policy: {conflict: stop, transform_error: refuse, untranslatable: refuse, other_view: alias, flush: allow}\n"
      "  limits: {hold: 500ms, big_value: 2KiB, rehearsal_failures: 7}\n"));
  CHECK(file.name == "m");
  CHECK(file.to.version == "2.0.0-rc.1+b");
  CHECK(database_of(file.source.url) == 5);
  CHECK(file.source.password.env == "REDIS_PASSWORD");
  CHECK(file.sweep.max_keys_per_second == 0);
  CHECK(file.sweep.max_server_latency.count() == 1500);
  CHECK(file.backup.provider == "rdb");
  CHECK(file.backup.max_age.count() == 7'200'000);
  CHECK_FALSE(file.backup.before_start);
  CHECK(file.backup.before_cutover);
  CHECK(file.cutover.automatic);
  CHECK(file.cutover.reverse_window.count() == 172'800'000);
  REQUIRE(file.bypass_allow.size() == 4);
  CHECK(file.bypass_allow[0].user == "exporter");
  CHECK(file.bypass_allow[1].addr == "10.0.3.7");
  CHECK(file.bypass_allow[2].name == "probe-*");
  CHECK(file.bypass_allow[3].library == "redis-py");
  CHECK(file.policy.conflict == Policy::Conflict::stop);
  CHECK(file.policy.transform_error == Policy::TransformError::refuse);
  CHECK(file.policy.untranslatable == Policy::Untranslatable::refuse);
  CHECK(file.policy.other_view == Policy::OtherView::alias);
  CHECK(file.policy.flush == Policy::Flush::allow);
  CHECK(file.hold_limit.count() == 500);
  CHECK(file.big_value == 2048);
  CHECK(file.rehearsal_failures == 7);
  REQUIRE(file.rules.size() == 1);
  CHECK(file.rules[0].near);
}

TEST_CASE("what a file leaves out is what the table of fields has, and the structs begin with") {
  const MigrationFile file = accepted(file_with(""));
  const MigrationFile plain;
  CHECK(file.sweep.max_keys_per_second == plain.sweep.max_keys_per_second);
  CHECK(file.sweep.max_server_latency == plain.sweep.max_server_latency);
  CHECK(file.hold_limit == plain.hold_limit);
  CHECK(file.big_value == plain.big_value);
  CHECK(file.rehearsal_failures == plain.rehearsal_failures);
  CHECK(file.backup.provider == plain.backup.provider);
  CHECK(file.policy.conflict == plain.policy.conflict);
}

TEST_CASE("every fallback of the table is a value that its own field takes") {
  for (const FieldRow& row : migration_fields()) {
    if (!row.fallback.empty()) CHECK_MESSAGE(value_problem(row, row.fallback).empty(), row.path);
    const std::string_view parent = field_parent(row);
    CHECK_MESSAGE((parent.empty() || field_row(parent) != nullptr), row.path);
    CHECK_MESSAGE((row.type != FieldType::list || field_row(std::string(row.path) + "[]") != nullptr), row.path);
  }
}

TEST_CASE("a text that is made to bring a reader down is refused instead") {
  CHECK(first_problem(std::string(10'000'000, 'x')) == "the file is larger than 1 MiB");
  CHECK(first_problem(std::string(1'000'000, '[')) == "a key must be text");
  CHECK(first_problem(std::string(1'000'000, '{')) == "a key must be text");
  std::string deep;
  for (std::size_t i = 0; i < 1000; ++i) deep += std::string(i, ' ') + "a:\n";
  CHECK(first_problem(deep) == "nested more than 24 deep");
  std::string wide = "a: [";
  for (int i = 0; i < 100'000; ++i) wide += "1,";
  CHECK(first_problem(wide + "1]") == "the file has more than 50000 values");
  std::string laughs = "a: &a [x, x]\n";
  for (char c = 'b'; c < 'z'; ++c)
    laughs += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ", *" + char(c - 1) + "]\n";
  CHECK(first_problem(laughs) == "anchors (&name) are not read");
  CHECK(first_problem(std::string("a: \0", 4)) == "a control character");
  CHECK(first_problem(",2") == "a second document in one file");
  std::string many = file_with("", "");
  for (int i = 0; i < 501; ++i) many += "    - {}\n";
  CHECK(first_problem(many) == "'spec.rules' has more than 500 entries");
}

TEST_CASE("a file with very many faults tells a hundred of them and counts the rest") {
  std::string text = "a0: 1\n";
  for (int i = 1; i < 300; ++i) text += "a" + std::to_string(i) + ": 1\n";
  const MigrationRead read = read_migration(text);
  REQUIRE(read.diagnostics.size() == 101);
  CHECK(read.diagnostics.back().what == "and 204 more");
}

TEST_CASE("rules whose patterns cost too much to analyse are refused after a while, not analysed forever") {
  std::string rules;
  for (int i = 0; i < 500; ++i) {
    const std::string n = std::to_string(i);
    rules +=
        "    - {name: r" + n + ", from: {key: \"a" + n + ":<x:/(a|b)*a(a|b){8}/>\"}, to: {key: \"b" + n + ":<x>\"}}\n";
  }
  CHECK(first_problem(file_with("", rules)).find("take too long to be analysed") != std::string::npos);
}

TEST_CASE("a password in the URL is never shown, wherever else the URL goes wrong") {
  for (const char* url : {"redis://app:hunter2@h/0", "redis://:hunter2@h", "redis://app:hunter2@h/x",
                          "redis+sentinel://a:hunter2@h:1/m/0", "unix://a:hunter2@/run/s", "http://a:hunter2@h",
                          "redis://a:hunt/er2@h/0"}) {
    std::string text = file_with("");
    text.replace(text.find("unix:///run/redis.sock?db=5"), 27, url);
    const MigrationRead read = read_migration(text);
    CHECK_FALSE(read.migration.has_value());
    for (const Diagnostic& diagnostic : read.diagnostics)
      CHECK(to_text(diagnostic, "f").find("er2") == std::string::npos);
  }
}

TEST_CASE("the database comes from where the kind of URL has it") {
  CHECK(database_of("redis://h:1/7") == 7);
  CHECK(database_of("rediss://u@h/3?ca=/x/y") == 3);
  CHECK(database_of("redis://h") == 0);
  CHECK(database_of("redis+sentinel://h:1,i:2/master/4") == 4);
  CHECK(database_of("redis+sentinel://h:1,i:2/master") == 0);
  CHECK(database_of("unix:///a/9?x=1&db=6") == 6);
  CHECK(database_of("redis+cluster://h:1") == 0);
  CHECK_FALSE(read_source_url("redis://h/x").has_value());
  CHECK_FALSE(read_source_url("redis://h/-1").has_value());
  CHECK_FALSE(read_source_url("h:6379").has_value());
  CHECK(read_source_url("redis://user:@h")->has_password == false);
}

TEST_CASE("texts are read as values strictly") {
  CHECK(read_duration_ms("15m") == 900'000U);
  CHECK_FALSE(read_duration_ms("15").has_value());
  CHECK_FALSE(read_duration_ms("99999999999999999d").has_value());
  CHECK_FALSE(read_duration_ms("-1s").has_value());
  CHECK(read_size_bytes("3GiB") == 3ULL << 30U);
  CHECK(read_number("2.5") == 2.5);
  CHECK_FALSE(read_number("1e3").has_value());
  CHECK_FALSE(read_number("nan").has_value());
  CHECK(is_version("0.10.2"));
  CHECK_FALSE(is_version("1.2"));
  CHECK_FALSE(is_version("01.2.3"));
  CHECK_FALSE(is_version("1.2.3-"));
  CHECK_FALSE(is_version("1.2.3.4"));
  CHECK_FALSE(is_name("-a"));
  CHECK(nearest("conflict flush", "conflcit") == "conflict");
  CHECK(nearest("conflict flush", "nothing").empty());
}

TEST_CASE("what is not UTF-8 is found at its place") {
  CHECK_FALSE(check_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n").has_value());
  for (const char* bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xFF"})
    CHECK_MESSAGE(check_utf8(bad).has_value(), bad);
  const auto found = check_utf8("a\n\xC3\xA9\xFF");
  REQUIRE(found.has_value());
  CHECK(found->line == 2);
  CHECK(found->column == 2);
}
