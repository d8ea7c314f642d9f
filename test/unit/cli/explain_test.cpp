#include "cli/explain.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>

#include "unit/cli/rules_for_tests.hpp"

using namespace keyshift;
using namespace keyshift::cli;

TEST_CASE("a key is explained by rule, other name and what each mode does with it") {
  const transforms::RuleSet rules(test::two_rules());
  const auto old_name = explain_key(rules, "user:7");
  CHECK(old_name["rule"] == "profile");
  CHECK(old_name["side"] == "old");
  CHECK(old_name["new_name"] == "{user:7}:profile");
  CHECK(old_name["served"]["to-new"] == "at {user:7}:profile, moved there from user:7 first if it is not there yet");
  CHECK(old_name["served"]["old"] == "at user:7");
  CHECK(explain_key(rules, "{user:7}:profile")["old_name"] == "user:7");
  CHECK(explain_key(rules, "other")["rule"].is_null());
  CHECK(explain_key(rules, "keyshift:x")["reserved"] == true);
  CHECK(explained_text(old_name).find("mode to-new:") != std::string::npos);
  CHECK(explained_text(explain_key(rules, "other")).find("mode to-new:") == std::string::npos);
}

TEST_CASE("a command is explained in every mode and view by the plan that the proxy would make") {
  const transforms::RuleSet rules(test::two_rules());
  const commands::Table table;
  const std::vector<BytesView> argv{"GET", "user:7"};
  const auto document = explain_command(table, &rules, argv);
  REQUIRE(document["plans"].size() == 8);
  CHECK(document["plans"][0]["mode"] == "old");
  CHECK(document["plans"][0]["route"] == "forward");
  CHECK(document["plans"][2]["mode"] == "to-new");
  CHECK(document["plans"][2]["view"] == "old");
  CHECK(document["plans"][2]["route"] == "ensure");
  CHECK(explained_text(document).find("{user:7}:profile") != std::string::npos);
}

TEST_CASE("a command that Redis would refuse or that nobody knows is said to be one") {
  const commands::Table table;
  CHECK(explain_command(table, nullptr, std::vector<BytesView>{"GET"}).contains("note"));
  CHECK(explain_command(table, nullptr, std::vector<BytesView>{"NO.SUCH", "a"})["command"].is_null());
}

TEST_CASE("a command that the session serves by itself is not explained by a plan that it never gets") {
  const transforms::RuleSet rules(test::two_rules());
  const commands::Table table;
  for (const char* name : {"SCAN", "FLUSHALL", "KEYS", "PSYNC", "SUBSCRIBE"}) {
    CAPTURE(name);
    const auto document = explain_command(table, &rules, std::vector<BytesView>{name, "0"});
    CHECK(document["plans"].empty());
    CHECK(document.contains("session"));
  }
  CHECK(explain_command(table, &rules, std::vector<BytesView>{"BLPOP", "sess:a", "0"})["plans"].size() == 8);
}

TEST_CASE("a command line is cut into words as redis-cli does") {
  CHECK(*words_of("SET a \"b c\\x41\"") == std::vector<Bytes>{"SET", "a", "b cA"});
  for (const char* wrong : {"", "   ", "GET \"a", "*1", "GET a\r\nGET b"}) CHECK_FALSE(words_of(wrong).has_value());
}

TEST_CASE("no key and no command line makes explain crash") {
  const transforms::RuleSet rules(test::two_rules());
  const commands::Table table;
  rc::check([&](const std::string& text) {
    (void)explained_text(explain_key(rules, text));
    const auto words = words_of("GET " + text);
    if (!words) return;
    const std::vector<BytesView> argv(words->begin(), words->end());
    (void)explained_text(explain_command(table, &rules, argv));
  });
}
