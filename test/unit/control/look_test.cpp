#include "control/look.hpp"

#include <doctest/doctest.h>

#include "control/change_rules.hpp"
#include "control/connection_name.hpp"

using namespace keyshift::control;

TEST_CASE("a look finds what is late and what is foreign, and leaves links between servers alone") {
  const Change hold = hold_after(first_change(1), 0, 0, 2);
  std::string list;
  const auto client = [&list](int id, const std::string& name, const std::string& flags = "N") {
    list += "id=" + std::to_string(id) + " addr=10.0.0.1:7 name=" + name + " age=5 flags=" + flags + " user=default\n";
  };
  client(1, text(ConnectionName{"p", Carries::records, hold.id}));
  client(2, text(ConnectionName{"p", Carries::records, hold.prev}));
  client(3, "");
  client(4, "", "S");
  client(5, "", "M");
  client(6, "", "O");
  client(7, "keyshift:p:ctl");
  client(8, "metrics");
  client(9, text(ConnectionName{"p", Carries::records, {9, 9}}));
  client(10, text(ConnectionName{"p", Carries::free, hold.scope}));
  client(11, text(ConnectionName{"p", Carries::free, {1, 8}}));
  keyshift::transforms::AllowedClient metrics;
  metrics.name = "metrics";
  const Look look = look_at(list, hold, {metrics});
  CHECK(look.late == std::vector<std::uint64_t>{2, 9, 11});
  REQUIRE(look.foreign.size() == 2);
  CHECK(look.foreign[0].id == 3);
  CHECK(look.foreign[1].id == 6);
  CHECK(look.highest_epoch == 9);
}

TEST_CASE("a scope above the hold tells of a record that went back, as a change above it does") {
  const Change hold = hold_after(first_change(1), 0, 0, 2);
  const Look look = look_at(
      "id=1 addr=10.0.0.1:7 name=" + text(ConnectionName{"p", Carries::free, {5, 9}}) + " age=5 flags=N user=default\n",
      hold, {});
  CHECK(look.highest_epoch == 5);
  CHECK(look.late == std::vector<std::uint64_t>{1});
}
