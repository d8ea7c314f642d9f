#include "transforms/field_check.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "transforms/field_value.hpp"

namespace keyshift::transforms {

namespace {

std::string child_path(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : std::string(path) + "." + std::string(name);
}

std::string known_names(std::string_view path) {
  std::string names;
  for (const FieldRow& row : migration_fields()) {
    if (field_parent(row) != path || row.path.ends_with("[]")) continue;
    names += (names.empty() ? "" : " ") + std::string(field_name(row));
  }
  return names;
}

class FieldChecker {
 public:
  explicit FieldChecker(std::vector<Diagnostic>& diagnostics) : diagnostics_(diagnostics) {}

  /// The fields of the map that lies at `path`.
  void check_map(const YamlNode& node, std::string_view path) {
    for (const YamlNode& child : node.children) check_child(child, path);
    for (const FieldRow& row : migration_fields()) {
      const bool here = field_parent(row) == path && !row.path.ends_with("[]");
      if (here && row.required && node.find(field_name(row)) == nullptr)
        report(node, where(path) + " needs '" + std::string(field_name(row)) + "'", std::string(row.meaning));
    }
  }

  void report(const YamlNode& node, std::string what, std::string hint) {
    diagnostics_.push_back({node.line, node.column, std::move(what), std::move(hint)});
  }

 private:
  static std::string where(std::string_view path) {
    if (path.empty()) return "the file";
    if (path.ends_with("[]")) return "an entry of " + std::string(path.substr(0, path.size() - 2));
    return "'" + std::string(path) + "'";
  }

  void check_child(const YamlNode& child, std::string_view path) {
    const FieldRow* const row = field_row(child_path(path, child.key));
    if (row != nullptr && !child.key.ends_with("[]")) return check_value(child, *row);
    const std::string names = known_names(path);
    const std::string_view near = nearest(names, child.key);
    diagnostics_.push_back({child.key_line, child.key_column,
                            where(path) + " has no field '" + printable(child.key, 40) + "'",
                            near.empty() ? "it has " + listed(names) : "did you mean '" + std::string(near) + "'?"});
  }

  void check_value(const YamlNode& node, const FieldRow& row) {
    switch (row.type) {
      case FieldType::map:
        return expect(node, row, YamlNode::Kind::map) ? check_map(node, row.path) : void();
      case FieldType::list:
        return expect(node, row, YamlNode::Kind::list) ? check_list(node, row) : void();
      case FieldType::labels:
        return expect(node, row, YamlNode::Kind::map) ? check_labels(node, row) : void();
      case FieldType::later:
        diagnostics_.push_back({node.key_line, node.key_column,
                                "'" + std::string(field_name(row)) + "' is refused for now", std::string(row.meaning)});
        return;
      default:
        break;
    }
    if (!expect(node, row, YamlNode::Kind::scalar)) return;
    const std::string problem = value_problem(row, node.text);
    if (problem.empty()) return;
    const std::string_view near = row.type == FieldType::choice ? nearest(row.choices, node.text) : std::string_view{};
    report(node, "'" + std::string(field_name(row)) + "' " + problem + ", not '" + printable(node.text, 40) + "'",
           near.empty() ? "" : "did you mean '" + std::string(near) + "'?");
  }

  bool expect(const YamlNode& node, const FieldRow& row, YamlNode::Kind kind) {
    if (node.kind == kind) return true;
    const char* wanted = kind == YamlNode::Kind::map    ? "a map of fields"
                         : kind == YamlNode::Kind::list ? "a list"
                                                        : "a single value";
    const char* found = node.kind == YamlNode::Kind::map    ? "a map of fields"
                        : node.kind == YamlNode::Kind::list ? "a list"
                        : node.kind == YamlNode::Kind::null ? "nothing"
                                                            : "a single value";
    diagnostics_.push_back({node.key_line != 0 ? node.key_line : node.line,
                            node.key_line != 0 ? node.key_column : node.column,
                            where(row.path) + " is " + wanted + ", and here is " + found, std::string(row.meaning)});
    return false;
  }

  void check_list(const YamlNode& node, const FieldRow& row) {
    if (node.children.size() < row.low) report(node, where(row.path) + " is empty", std::string(row.meaning));
    if (node.children.size() > row.high)
      return report(node, where(row.path) + " has more than " + std::to_string(row.high) + " entries",
                    "split the migration");
    const FieldRow* const entry = field_row(std::string(row.path) + "[]");
    for (const YamlNode& child : node.children) check_value(child, *entry);
  }

  void check_labels(const YamlNode& node, const FieldRow& row) {
    for (const YamlNode& child : node.children) {
      if (child.kind == YamlNode::Kind::list || child.kind == YamlNode::Kind::map)
        report(child, where(row.path) + " holds texts", {});
    }
  }

  std::vector<Diagnostic>& diagnostics_;
};

}  // namespace

void check_fields(const YamlNode& root, std::vector<Diagnostic>& diagnostics) {
  FieldChecker checker(diagnostics);
  if (root.kind == YamlNode::Kind::map) return checker.check_map(root, "");
  checker.report(root, "this is no migration file", "it begins with apiVersion, kind, metadata and spec");
}

const YamlNode* node_at(const YamlNode& node, std::string_view path) noexcept {
  const YamlNode* at = &node;
  while (at != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    at = at->find(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return at;
}

std::string text_of(const YamlNode& node, std::string_view path, std::string_view rel) {
  const YamlNode* const found = node_at(node, rel);
  if (found != nullptr && found->kind == YamlNode::Kind::scalar) return found->text;
  const FieldRow* const row = field_row(child_path(path, rel));
  return row == nullptr ? std::string() : std::string(row->fallback);
}

}  // namespace keyshift::transforms
