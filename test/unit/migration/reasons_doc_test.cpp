#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "migration/sweep_state.hpp"

using namespace keyshift::migration;

TEST_CASE("docs/sweeping.md has every reason to wait, in the words of the list, and no other") {
  const auto page = std::filesystem::path(__FILE__).parent_path() / "../../../docs/sweeping.md";
  std::ifstream in(page);
  REQUIRE(in.good());
  std::stringstream text;
  text << in.rdbuf();
  std::string table = "| reason | meaning |\n|---|---|\n";
  for (std::size_t i = 0; i < kWaitReasons; ++i) {
    const auto reason = static_cast<WaitReason>(i);
    table += "| `" + std::string(name(reason)) + "` | " + std::string(meaning(reason)) + " |\n";
  }
  CHECK(text.str().find(table + "\n") != std::string::npos);
}
