#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "transforms/field_table.hpp"
#include "transforms/yaml_tree.hpp"

namespace keyshift::transforms {

/// Compares a tree with the table of fields: unknown and missing fields, wrong kinds of values, values out of range.
/// What patterns and URLs say is left to those who read them. Adds to `diagnostics`, in the order of the tree.
void check_fields(const YamlNode& root, std::vector<Diagnostic>& diagnostics);

/// The node at `path` below `node` (names with dots between), or nullptr.
const YamlNode* node_at(const YamlNode& node, std::string_view path) noexcept;

/// The text of field `rel` of the map `node`, whose own path is `path` (empty: the root); what the table has as a
/// fallback when the field is missing or no scalar.
std::string text_of(const YamlNode& node, std::string_view path, std::string_view rel);

}  // namespace keyshift::transforms
