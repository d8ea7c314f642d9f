#include "cli/settings.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>
#include <nlohmann/json.hpp>

using namespace keyshift;
using namespace keyshift::cli;

namespace {
Layer layer(const char* name, std::vector<std::string> values, const char* where) {
  return {{name, Setting{std::move(values), Origin::command_line, where}}};
}
}  // namespace

TEST_CASE("the command line wins over the environment, that over the file, that over the default") {
  const Layer line = layer("threads", {"2"}, "--threads"), environment = layer("threads", {"3"}, "KEYSHIFT_THREADS"),
              file = layer("threads", {"4"}, "f:1:1");
  CHECK(Settings::merge({line, environment, file})->number("threads") == 2);
  CHECK(Settings::merge({{}, environment, file})->number("threads") == 3);
  CHECK(Settings::merge({{}, {}, file})->number("threads") == 4);
  CHECK(Settings::merge({})->number("threads") == 1);
  CHECK(Settings::merge({{}, environment})->at("threads").where == "KEYSHIFT_THREADS");
}

TEST_CASE("a wrong value is refused by the name of the place where it stands") {
  const auto wrong = Settings::merge({layer("threads", {"many"}, "KEYSHIFT_THREADS")});
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == ErrorCode::usage);
  CHECK(wrong.error().what == "KEYSHIFT_THREADS: threads: 'many' is not a whole number");
}

TEST_CASE("the environment gives lists by commas and nothing where a variable is empty") {
  const Layer read = from_environment([](const char* name) -> const char* {
    if (std::strcmp(name, "KEYSHIFT_LISTEN") == 0) return "127.0.0.1:1,unix:/tmp/a,";
    return std::strcmp(name, "KEYSHIFT_MODE") == 0 ? "" : nullptr;
  });
  CHECK(read.size() == 1);
  CHECK(read.at("listen").values == std::vector<std::string>{"127.0.0.1:1", "unix:/tmp/a"});
}

TEST_CASE("settings are shown with their origin and without the password of a URL") {
  const auto settings = Settings::merge({layer("upstream", {"redis://u:hush@h:1/2"}, "KEYSHIFT_UPSTREAM")});
  const auto shown = settings->shown();
  CHECK(shown.dump().find("hush") == std::string::npos);
  CHECK(shown["upstream"]["from"] == "KEYSHIFT_UPSTREAM");
  CHECK(shown["mode"]["value"] == "old");
  CHECK(shown.size() == options().size());
}

TEST_CASE("a settings file says all that is wrong with it at once, and where") {
  const ConfigRead read =
      read_config("threads: none\nthread: 2\nlisten: [1, [2]]\nmode: {a: b}\nconfig: x\n", "f.yaml");
  REQUIRE(read.errors.size() == 5);
  CHECK(read.errors[0] == "f.yaml:1:10: error: threads: 'none' is not a whole number");
  CHECK(read.errors[1].starts_with("f.yaml:2:1: error: there is no setting 'thread'"));
  CHECK(read.errors[2].starts_with("f.yaml:3:13: error: "));
  CHECK(read.errors[3].starts_with("f.yaml:4:7: error: "));
  CHECK(read.errors[4].starts_with("f.yaml:5:1: error: there is no setting 'config'"));
}

TEST_CASE("a settings file gives values, lists included, with their places") {
  const ConfigRead read = read_config("mode: to-new\nlisten: [6379, 'unix:/tmp/s']\nallow_dangerous: true\n", "f.yaml");
  REQUIRE(read.errors.empty());
  CHECK(read.layer.at("mode").where == "f.yaml:1:7");
  CHECK(read.layer.at("listen").values == std::vector<std::string>{"6379", "unix:/tmp/s"});
  CHECK(Settings::merge({read.layer})->flag("allow-dangerous"));
  CHECK(read_config("", "f").errors.empty());
  CHECK(read_config("- a\n", "f").errors.size() == 1);
  CHECK(read_config("mode: old\nmode: new\n", "f").errors.size() == 1);
  CHECK(read_config("a: [\n", "f.yaml").errors.at(0).starts_with("f.yaml:"));
}

TEST_CASE("no bytes make the reader of settings files crash") {
  rc::check([](const std::string& text) { (void)read_config(text, "f"); });
}
