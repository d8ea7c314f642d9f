#pragma once
#include <memory>

#include "transforms/migration_file.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::test {

/// Two rules: sess:<token> to session:v2:<token>, and user:<id:int> to {user:<id>}:profile.
inline std::shared_ptr<const transforms::RuleSet> some_rules(
    transforms::Policy::Conflict conflict = transforms::Policy::Conflict::keep_new) {
  transforms::MigrationFile file;
  const auto add = [&file](const char* name, const char* from, const char* to) {
    transforms::Rule rule;
    rule.name = name;
    rule.from = *transforms::KeyPattern::parse(from);
    rule.to = *transforms::KeyPattern::parse(to);
    file.rules.push_back(std::move(rule));
  };
  file.name = "test";
  file.source.url = "redis://localhost:6379/0";
  file.policy.conflict = conflict;
  add("session", "sess:<token>", "session:v2:<token>");
  add("profile", "user:<id:int>", "{user:<id>}:profile");
  return std::make_shared<const transforms::RuleSet>(file);
}

}  // namespace keyshift::test
