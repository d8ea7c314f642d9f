#include "cli/option_values.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

using namespace keyshift;
using namespace keyshift::cli;

TEST_CASE("sizes and times are read with their units, and nothing else is") {
  CHECK(*read_bytes("65536") == 65536);
  CHECK(*read_bytes("4MiB") == 4 * 1024 * 1024);
  CHECK(*read_bytes("1GiB") == 1024ull * 1024 * 1024);
  CHECK(*read_milliseconds("500ms") == 500);
  CHECK(*read_milliseconds("30") == 30000);
  CHECK(*read_milliseconds("2h") == 7200000);
  for (const char* wrong : {"", "-1", "1.5", "4MB", "4 MiB", "MiB", "18446744073709551616", "99999999999999999GiB"})
    CHECK_FALSE(read_bytes(wrong).has_value());
  CHECK_FALSE(read_milliseconds("1d").has_value());
  CHECK_FALSE(read_number("1KiB").has_value());
}

TEST_CASE("every default is a value that its option takes") {
  for (const OptionRow& row : options()) {
    CAPTURE(row.name);
    if (!row.fallback.empty()) CHECK(check_value(row, row.fallback).has_value());
  }
}

TEST_CASE("bounds and words are kept, and the error says which ones") {
  CHECK_FALSE(check_value(*find_option("threads"), "0").has_value());
  CHECK_FALSE(check_value(*find_option("threads"), "257").has_value());
  CHECK(check_value(*find_option("threads"), "256").has_value());
  const auto wrong = check_value(*find_option("mode"), "newer");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().what == "'newer' is not one of old|to-new|new|to-old");
  CHECK_FALSE(check_value(*find_option("mode"), "").has_value());
  CHECK_FALSE(check_value(*find_option("mode"), "old|new").has_value());
}

TEST_CASE("options have names of their own, in the environment and in a file, too") {
  std::set<std::string> names;
  for (const OptionRow& row : options()) {
    CHECK(names.insert(std::string(row.name)).second);
    CHECK(names.insert(environment_name(row)).second);
  }
  CHECK(environment_name(*find_option("max-clients")) == "KEYSHIFT_MAX_CLIENTS");
  CHECK(file_key(*find_option("max-clients")) == "max_clients");
}

TEST_CASE("no text makes a reader of values crash") {
  rc::check([](const std::string& text) {
    for (const OptionRow& row : options()) (void)check_value(row, text);
  });
}
