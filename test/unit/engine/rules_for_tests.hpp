#pragma once
#include <doctest/doctest.h>

#include <memory>

#include "control/serving.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::proxy::test {

inline transforms::Rule rule(const char* name, const char* from, const char* to) {
  auto from_pattern = transforms::KeyPattern::parse(from);
  auto to_pattern = transforms::KeyPattern::parse(to);
  REQUIRE(from_pattern.has_value());
  REQUIRE(to_pattern.has_value());
  return {name, *from_pattern, *to_pattern, "", true};
}

/// user:<id> becomes {user:<id>}:profile, sess:<token> becomes session:v2:<token>; database 0.
inline std::unique_ptr<transforms::RuleSet> two_rules() {
  transforms::MigrationFile file;
  file.rules.push_back(rule("user", "user:<id>", "{user:<id>}:profile"));
  file.rules.push_back(rule("session", "sess:<token>", "session:v2:<token>"));
  return std::make_unique<transforms::RuleSet>(file);
}

/// One more run in `serving`.
inline void add_run(control::Serving& serving, std::shared_ptr<const transforms::RuleSet> rules, migration::Mode mode,
                    const std::string& id = "run") {
  control::ServedRun run;
  run.id = run.name = id;
  run.mode = mode;
  for (const control::ServedRun& before : serving.runs)
    run.first_rule += static_cast<std::uint32_t>(before.rules->rules().size());
  run.rules = std::move(rules);
  serving.runs.push_back(std::move(run));
  control::lay_out(serving);
}

/// What is acted on with one run of those rules, which must live as long.
inline std::shared_ptr<control::Serving> served(const transforms::RuleSet& rules, migration::Mode mode) {
  auto out = std::make_shared<control::Serving>();
  add_run(*out, std::shared_ptr<const transforms::RuleSet>(std::shared_ptr<const void>(), &rules), mode);
  return out;
}

}  // namespace keyshift::proxy::test
