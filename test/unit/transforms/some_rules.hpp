#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "transforms/rule_set.hpp"

namespace keyshift::transforms::test {

/// A file with the given pairs of patterns as rules r0, r1, ...; the patterns parse.
inline MigrationFile file_with(const std::vector<std::pair<std::string, std::string>>& pairs) {
  MigrationFile file;
  file.name = "test";
  file.source.url = "redis://localhost:6379/3";
  for (const auto& [from, to] : pairs) {
    Rule rule;
    rule.name = "r" + std::to_string(file.rules.size());
    rule.from = *KeyPattern::parse(from);
    rule.to = *KeyPattern::parse(to);
    file.rules.push_back(std::move(rule));
  }
  return file;
}

inline std::unique_ptr<const RuleSet> rules_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  return std::make_unique<const RuleSet>(file_with(pairs));
}

}  // namespace keyshift::transforms::test
