#include "transforms/migration_file.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "transforms/client_address.hpp"
#include "transforms/field_check.hpp"
#include "transforms/field_value.hpp"
#include "transforms/rule_check.hpp"
#include "transforms/source_url.hpp"
#include "transforms/yaml_tree.hpp"

namespace keyshift::transforms {

namespace {

constexpr std::size_t kMaxDiagnostics = 100;

/// Turns a tree into a migration. Fields that check_fields() complained of are read as their fallback, so that the rest
/// can be looked at in the same run.
class Reader {
 public:
  Reader(const YamlNode& root, std::vector<Diagnostic>& diagnostics) : root_(root), diagnostics_(diagnostics) {}

  MigrationFile read() {
    file_.name = text("metadata.name");
    file_.from = {text("spec.from.schema"), text("spec.from.version")};
    file_.to = {text("spec.to.schema"), text("spec.to.version")};
    read_source();
    read_rules();
    read_settings();
    read_policy();
    read_gates();
    return std::move(file_);
  }

 private:
  [[nodiscard]] std::string text(std::string_view path) const { return text_of(root_, "", path); }
  [[nodiscard]] std::uint64_t whole(std::string_view path) const { return read_integer(text(path)).value_or(0); }
  [[nodiscard]] std::chrono::milliseconds duration(std::string_view path) const {
    return std::chrono::milliseconds(static_cast<std::int64_t>(read_duration_ms(text(path)).value_or(0)));
  }

  void report(const YamlNode& node, std::string what, std::string hint) {
    diagnostics_.push_back({node.line, node.column, std::move(what), std::move(hint)});
  }

  void read_source() {
    const std::string base = "spec.source.passwordFrom.";
    file_.source = {
        text("spec.source.url"),
        {text(base + "file"), text(base + "env"), text(base + "secretKeyRef.name"), text(base + "secretKeyRef.key")}};
    if (const YamlNode* const from = node_at(root_, "spec.source.passwordFrom");
        from != nullptr && from->kind == YamlNode::Kind::map && from->children.size() != 1)
      report(*from, "'passwordFrom' names one place", "file, env or secretKeyRef");
    const YamlNode* const node = node_at(root_, "spec.source.url");
    if (node == nullptr || node->kind != YamlNode::Kind::scalar) return;
    const std::optional<SourceUrl> url = read_source_url(node->text);
    // The text is never shown: any part of it may belong to a password.
    if (!url)
      return report(*node, "'url' is no Redis URL",
                    "it begins with one of " + source_schemes() + " and ends with a database number or none");
    if (url->has_password)
      return report(*node, "'url' carries a password, and this file is no place for one",
                    "take it out and say where it is with passwordFrom");
    cluster_ = url->kind == SourceUrl::Kind::cluster;
  }

  void read_rules() {
    const YamlNode* const list = node_at(root_, "spec.rules");
    if (list == nullptr || list->kind != YamlNode::Kind::list || list->children.size() > field_row("spec.rules")->high)
      return;
    for (const YamlNode& node : list->children) {
      if (node.kind == YamlNode::Kind::map) read_rule(node);
    }
    for (RuleFinding& finding : find_rule_problems(file_.rules, cluster_)) {
      const YamlNode& node = *rule_nodes_[finding.rule];
      const YamlNode* const key = node_at(node, finding.problem.side == Side::from ? "from.key" : "to.key");
      report(key == nullptr ? node : *key, std::move(finding.problem.what), std::move(finding.problem.hint));
    }
  }

  void read_rule(const YamlNode& node) {
    Rule rule;
    rule.name = text_of(node, "spec.rules[]", "name");
    const YamlNode* const name = node.find("name");
    if (name != nullptr && !rule.name.empty() && !names_.insert(rule.name).second)
      report(*name, "another rule is called '" + printable(rule.name, 64) + "' already", "names of rules differ");
    rule.type = text_of(node, "spec.rules[]", "from.type");
    const std::string type = text_of(node, "spec.rules[]", "to.type");
    if (const YamlNode* const to = node_at(node, "to.type");
        to != nullptr && !rule.type.empty() && !type.empty() && type != rule.type)
      report(*to, "a change of type is refused for now",
             "value transforms are not there yet: rules rename keys and leave values as they are");
    if (rule.type.empty()) rule.type = type;
    const bool from = read_pattern(node_at(node, "from.key"), rule.from),
               to = read_pattern(node_at(node, "to.key"), rule.to);
    if (!from || !to) return;
    file_.rules.push_back(std::move(rule));
    rule_nodes_.push_back(&node);
  }

  bool read_pattern(const YamlNode* node, KeyPattern& pattern) {
    if (node == nullptr || node->kind != YamlNode::Kind::scalar) return false;
    if (pattern_work_ > kAnalysisBudget) return false;
    Result<KeyPattern> read = KeyPattern::parse(node->text);
    if (read) {
      pattern = std::move(*read);
      pattern_work_ += pattern.analysis_work();
      if (pattern_work_ > kAnalysisBudget)
        report(*node, "the patterns up to here take too long to be analysed; those behind this one were not looked at",
               "use simpler classes, or split the migration");
      return true;
    }
    report(*node, "in the pattern '" + printable(node->text, 80) + "' " + read.error().what, {});
    return false;
  }

  void read_settings() {
    file_.sweep.max_keys_per_second = static_cast<std::uint32_t>(whole("spec.sweep.max_keys_per_second"));
    const double latency = read_number(text("spec.sweep.max_server_latency_ms")).value_or(0);
    file_.sweep.max_server_latency = std::chrono::microseconds(std::llround(std::min(latency, 1e9) * 1000));
    file_.hold_limit = duration("spec.limits.hold");
    file_.big_value = read_size_bytes(text("spec.limits.big_value")).value_or(0);
    file_.rehearsal_failures = static_cast<std::uint32_t>(whole("spec.limits.rehearsal_failures"));
  }

  void read_policy() {
    const auto says = [this](std::string_view path, std::string_view word) { return text(path) == word; };
    Policy& policy = file_.policy;
    if (says("spec.policy.conflict", "keep-old")) policy.conflict = Policy::Conflict::keep_old;
    if (says("spec.policy.conflict", "stop")) policy.conflict = Policy::Conflict::stop;
    if (says("spec.policy.other_view", "alias")) policy.other_view = Policy::OtherView::alias;
    if (says("spec.policy.flush", "allow")) policy.flush = Policy::Flush::allow;
    if (says("spec.policy.transform_error", "refuse")) policy.transform_error = Policy::TransformError::refuse;
    if (says("spec.policy.untranslatable", "refuse")) policy.untranslatable = Policy::Untranslatable::refuse;
  }

  void read_gates() {
    file_.backup.provider = text("spec.backup.provider");
    file_.backup.directory = text("spec.backup.directory");
    file_.backup.max_age = duration("spec.backup.max_age");
    if (const YamlNode* const before = node_at(root_, "spec.backup.before")) {
      for (const YamlNode& gate : before->children) {
        file_.backup.before_start |= gate.text == "start";
        file_.backup.before_cutover |= gate.text == "cutover";
      }
    }
    file_.cutover = {text("spec.cutover.mode") == "auto", duration("spec.cutover.reverse_window")};
    const YamlNode* const allow = node_at(root_, "spec.bypass.allow");
    if (allow == nullptr) return;
    for (const YamlNode& client : allow->children) {
      if (client.kind != YamlNode::Kind::map) continue;
      if (client.children.size() != 1)
        report(client, "an entry of spec.bypass.allow names one client", "by user, addr, name or lib");
      const auto at = [&client](std::string_view field) { return text_of(client, "spec.bypass.allow[]", field); };
      file_.bypass_allow.push_back({at("user"), at("addr"), at("name"), at("lib")});
      const YamlNode* const addr = client.find("addr");
      if (addr != nullptr && !at("addr").empty() && !read_address_range(at("addr")))
        report(*addr, "'" + printable(at("addr"), 64) + "' is no address of clients",
               "10.0.3.7, 10.0.3.7:9121, 10.0.0.0/8, [fd00::1]:9121 or /path/of/socket; names are not resolved");
    }
  }

  const YamlNode& root_;
  std::vector<Diagnostic>& diagnostics_;
  MigrationFile file_;
  bool cluster_ = false;
  std::size_t pattern_work_ = 0;
  std::set<std::string> names_;
  std::vector<const YamlNode*> rule_nodes_;  ///< in the order of file_.rules
};

/// In the order of the text, and a hundred at most.
void tidy(std::vector<Diagnostic>& diagnostics) {
  std::sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column, a.what) < std::tie(b.line, b.column, b.what);
  });
  if (diagnostics.size() <= kMaxDiagnostics) return;
  const std::size_t more = diagnostics.size() - kMaxDiagnostics;
  diagnostics.resize(kMaxDiagnostics);
  diagnostics.push_back({0, 0, "and " + std::to_string(more) + " more", {}});
}

}  // namespace

MigrationRead read_migration(std::string_view text) {
  MigrationRead read;
  const std::optional<YamlNode> root = read_yaml(text, read.diagnostics);
  if (root) {
    check_fields(*root, read.diagnostics);
    if (root->kind == YamlNode::Kind::map) read.migration = Reader(*root, read.diagnostics).read();
  }
  tidy(read.diagnostics);
  if (!read.diagnostics.empty()) read.migration.reset();
  return read;
}

}  // namespace keyshift::transforms
