#include "control/run_clash.hpp"

#include <doctest/doctest.h>

#include "unit/engine/rules_for_tests.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

transforms::MigrationFile file(const char* name, const char* from, const char* to, int database = 0) {
  transforms::MigrationFile out;
  out.name = name;
  out.source.url = "redis://store:6379/" + std::to_string(database);
  out.rules.push_back(proxy::test::rule("rule", from, to));
  return out;
}

}  // namespace

TEST_CASE("runs whose keys cannot be one key go side by side") {
  const auto users = file("users", "user:<id>", "{user:<id>}:profile");
  CHECK(clash_of_runs(file("orders", "order:<id>", "bill:<id>"), "users", users).empty());
  CHECK(clash_of_runs(file("people", "user:<id>", "person:<id>", 3), "users", users).empty());
}

TEST_CASE("a clash of either side with either side names both runs, both rules and a key") {
  const auto users = file("users", "user:<id>", "{user:<id>}:profile");
  for (const auto& clashing : {file("people", "user:<id>", "person:<id>"), file("people", "person:<id>", "user:<id>"),
                               file("people", "person:<id>", "{user:<id>}:profile")}) {
    const std::string what = clash_of_runs(clashing, "users", users);
    CAPTURE(what);
    CHECK(what.find("run people cannot go beside the run users") != std::string::npos);
    CHECK(what.find("its rule 'rule'") != std::string::npos);
    CHECK(what.find("'users/rule'") != std::string::npos);
    CHECK(what.find("the key '") != std::string::npos);
  }
}
