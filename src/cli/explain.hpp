#pragma once
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "control/serving.hpp"
#include "resp/commands/table.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::cli {

/// What a key is under `rules`: its rule, its side, its other name, and where it is looked for in each
/// mode.
nlohmann::json explain_key(const transforms::RuleSet& rules, BytesView key);

/// What the proxy would do with `argv` (at least one word) in each mode and view under `rules` (null: none), nothing
/// being known of the records.
nlohmann::json explain_command(const commands::Table& table, const transforms::RuleSet* rules,
                               std::span<const BytesView> argv);

/// The same under all runs that are served, in the database that the session is in.
nlohmann::json explain_command(const commands::Table& table, const control::Serving& serving, int database,
                               std::span<const BytesView> argv);

/// A line as typed into redis-cli, as words. Error `usage`: it is empty, or its quotes do not match.
Result<std::vector<Bytes>> words_of(std::string_view line);

/// The two documents for people.
std::string explained_text(const nlohmann::json& document);

}  // namespace keyshift::cli
