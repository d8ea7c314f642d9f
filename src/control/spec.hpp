#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "transforms/migration_file.hpp"

namespace keyshift::control {

/// What a run does, as it lies at the store beside the control record (spec_name()): the migration in canonical form,
/// without addresses and secrets, so that a proxy needs no file. Two files that mean the same have the same bytes.
Bytes encode_spec(const transforms::MigrationFile& file);

/// Error `control`: no spec, or one whose document this program does not understand (a later version's).
Result<transforms::MigrationFile> read_spec(BytesView bytes);

/// The key patterns of both sides and their database: readable in every version there will ever be, so that a program
/// that is too old for the rest knows what to refuse.
struct SpecFamilies {
  int database = 0;
  std::vector<std::pair<std::string, std::string>> patterns;  ///< old, new
};
Result<SpecFamilies> read_spec_families(BytesView bytes);

/// A migration with those patterns and nothing else, for rules that only say what is in scope.
Result<transforms::MigrationFile> scope_only(const SpecFamilies& families);

}  // namespace keyshift::control
