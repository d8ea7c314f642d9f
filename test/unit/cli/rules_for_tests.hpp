#pragma once
#include <string>

#include "transforms/migration_file.hpp"

namespace keyshift::test {

/// A migration file with two rules, as a user would write it.
inline const std::string two_rules_text = R"(apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: users-v2}
spec:
  from: {schema: shop, version: 1.4.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:7001/0"}
  rules:
    - name: profile
      from: {key: "user:<id:int>"}
      to:   {key: "{user:<id>}:profile"}
    - name: session
      from: {key: "sess:<token:word>"}
      to:   {key: "session:v2:<token>"}
)";

inline transforms::MigrationFile two_rules() { return transforms::read_migration(two_rules_text).migration.value(); }

}  // namespace keyshift::test
