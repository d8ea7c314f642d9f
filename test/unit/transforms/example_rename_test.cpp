// The example is what it says: its file is accepted, and its keys have the partners that it lists.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "transforms/rule_set.hpp"

using namespace keyshift;
using namespace keyshift::transforms;

TEST_CASE("the keys of the first example have the partners that it lists") {
  const auto folder = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path() /
                      "examples" / "01-rename";
  std::ostringstream text;
  text << std::ifstream(folder / "migration.yaml").rdbuf();
  const MigrationRead read = read_migration(text.str());
  REQUIRE(read.migration.has_value());
  const RuleSet rules(*read.migration);
  std::ifstream keys(folder / "keys.txt");
  std::size_t looked_at = 0;
  for (std::string line; std::getline(keys, line);) {
    if (line.starts_with("#")) continue;
    const std::string key = line.substr(0, line.find(' ')), partner = line.substr(line.find(' ') + 1);
    const Match match = rules.match(key);
    Bytes other = "-";
    if (match.rule >= 0) rules.other_name(match, key, other);
    CHECK(other == partner);
    ++looked_at;
  }
  CHECK(looked_at == 10);
}
