#include <algorithm>
#include <nlohmann/json.hpp>

#include "transforms/field_table.hpp"
#include "transforms/migration_file.hpp"
#include "transforms/yaml_tree.hpp"

namespace keyshift::transforms {

namespace {

using Json = nlohmann::ordered_json;

Json schema_of(const FieldRow& row);

Json object_of(std::string_view path) {
  Json properties = Json::object(), required = Json::array();
  for (const FieldRow& row : migration_fields()) {
    if (field_parent(row) != path || row.path.ends_with("[]") || row.type == FieldType::later) continue;
    properties[std::string(field_name(row))] = schema_of(row);
    if (row.required) required.push_back(field_name(row));
  }
  Json object{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) object["required"] = std::move(required);
  return object;
}

Json words(std::string_view choices) {
  Json list = Json::array();
  for (std::size_t at = 0; at <= choices.size();) {
    const std::size_t blank = std::min(choices.find(' ', at), choices.size());
    list.push_back(choices.substr(at, blank - at));
    at = blank + 1;
  }
  return list;
}

Json text_like(std::string_view pattern) { return {{"type", "string"}, {"pattern", pattern}}; }

Json list_of(const FieldRow& row) {
  const FieldRow* const entry = field_row(std::string(row.path) + "[]");
  Json list{{"type", "array"}, {"items", schema_of(*entry)}, {"maxItems", row.high}};
  if (row.low > 0) list["minItems"] = row.low;
  return list;
}

Json bare_schema(const FieldRow& row) {
  switch (row.type) {
    case FieldType::map:
      return object_of(row.path);
    case FieldType::list:
      return list_of(row);
    case FieldType::labels:
      return {{"type", "object"}};
    case FieldType::name:
      return {{"type", "string"}, {"maxLength", 63}, {"pattern", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}};
    case FieldType::version:
      return text_like("^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)([-+][-+.0-9A-Za-z]+)?$");
    case FieldType::duration:
      return text_like("^[0-9]+(ms|s|m|h|d)$");
    case FieldType::size:
      return text_like("^[0-9]+(B|KiB|MiB|GiB)$");
    case FieldType::integer:
      return {{"type", "integer"}, {"minimum", row.low}, {"maximum", row.high}};
    case FieldType::number:
      return {{"type", "number"}, {"exclusiveMinimum", row.low}, {"maximum", row.high}};
    case FieldType::choice:
      return {{"type", "string"}, {"enum", words(row.choices)}};
    case FieldType::pattern:
      return {{"type", "string"}, {"minLength", 1}, {"maxLength", KeyPattern::max_size}};
    default:
      return {{"type", "string"}, {"minLength", 1}};
  }
}

/// The fallback as JSON: numbers stay numbers.
Json fallback_of(const FieldRow& row) {
  const bool number = row.type == FieldType::integer || row.type == FieldType::number;
  return number ? Json::parse(row.fallback) : Json(row.fallback);
}

Json schema_of(const FieldRow& row) {
  Json schema = bare_schema(row);
  if (!row.meaning.empty()) schema["description"] = row.meaning;
  if (!row.fallback.empty()) schema["default"] = fallback_of(row);
  return schema;
}

}  // namespace

std::string migration_json_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"$id", "https://keyshift.io/schema/v1alpha1/migration.schema.json"},
              {"title", "Keyshift migration"}};
  schema.update(object_of(""));
  return schema.dump(2) + "\n";
}

}  // namespace keyshift::transforms
