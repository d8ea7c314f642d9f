#include "transforms/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <sstream>

#include "base/bytes.hpp"
#include "transforms/utf8_check.hpp"

namespace keyshift::transforms {

namespace {

std::size_t line_of(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.line) + 1; }
std::size_t column_of(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.column) + 1; }

/// Builds the tree from the parser's events, so that limits hold before memory is spent. The first thing that is
/// refused ends the building: events behind it are let pass, which costs no more than the parser itself.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::vector<Diagnostic>& diagnostics) : diagnostics_(diagnostics) {}

  YamlNode root;
  bool refused = false;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second document in one file", "one file holds one migration");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (admit(mark, "", anchor)) value(made(mark, YamlNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not read", "write the text out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!admit(mark, tag, anchor)) return;
    YamlNode node = made(mark, YamlNode::Kind::scalar);
    node.text = text;
    node.quoted = tag == "!";
    if (!open_.empty() && open_.back().expects_key)
      begin_entry(open_.back(), node);
    else
      value(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (admit(mark, tag, anchor)) enter(made(mark, YamlNode::Kind::list));
  }
  void OnSequenceEnd() override { leave(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (admit(mark, tag, anchor)) enter(made(mark, YamlNode::Kind::map));
  }
  void OnMapEnd() override { leave(); }

 private:
  /// A list or map that is being read. In a map every other event is a key.
  struct Open {
    YamlNode node;
    bool expects_key = false;
    YamlNode key;
    std::set<std::string> keys;
  };

  void refuse(const YAML::Mark& mark, std::string what, std::string hint) {
    if (!refused) diagnostics_.push_back({line_of(mark), column_of(mark), std::move(what), std::move(hint)});
    refused = true;
  }
  void refuse(const YamlNode& node, std::string what) {
    if (!refused) diagnostics_.push_back({node.line, node.column, std::move(what), {}});
    refused = true;
  }

  /// Whether the next value may be read at all.
  bool admit(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (refused) return false;
    if (!tag.empty() && tag != "!" && tag != "?") refuse(mark, "tags (!name) are not read", "leave the tag out");
    if (anchor != 0) refuse(mark, "anchors (&name) are not read", "write the text out where it is needed");
    if (++nodes_ > kYamlMaxNodes) refuse(mark, "the file has more than 50000 values", "split the migration");
    return !refused;
  }

  static YamlNode made(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = line_of(mark);
    node.column = column_of(mark);
    return node;
  }

  void begin_entry(Open& open, const YamlNode& key) {
    if (!open.keys.insert(key.text).second)
      diagnostics_.push_back(
          {key.line, key.column, "'" + printable(key.text, 40) + "' stands here twice", "keep one of them"});
    open.key = key;
    open.expects_key = false;
  }

  void value(YamlNode node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& open = open_.back();
    if (open.expects_key) return refuse(node, "a key must be text");
    if (open.node.kind == YamlNode::Kind::map) {
      node.key = open.key.text;
      node.key_line = open.key.line;
      node.key_column = open.key.column;
      open.expects_key = true;
    }
    open.node.children.push_back(std::move(node));
  }

  void enter(YamlNode node) {
    if (!open_.empty() && open_.back().expects_key) return refuse(node, "a key must be text");
    if (open_.size() >= kYamlMaxDepth) return refuse(node, "nested more than 24 deep");
    Open open;
    open.expects_key = node.kind == YamlNode::Kind::map;
    open.node = std::move(node);
    open_.push_back(std::move(open));
  }

  void leave() {
    if (refused) return;
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    value(std::move(done));
  }

  std::vector<Diagnostic>& diagnostics_;
  std::vector<Open> open_;
  std::size_t documents_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const noexcept {
  for (const YamlNode& child : children) {
    if (kind == Kind::map && child.key == name) return &child;
  }
  return nullptr;
}

std::optional<YamlNode> read_yaml(std::string_view text, std::vector<Diagnostic>& diagnostics) {
  if (text.size() > kYamlMaxSize) {
    diagnostics.push_back({0, 0, "the file is larger than 1 MiB", "split the migration"});
    return std::nullopt;
  }
  if (auto problem = check_utf8(text)) {
    diagnostics.push_back(std::move(*problem));
    return std::nullopt;
  }
  TreeBuilder builder(diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // yaml-cpp gives empty documents without end for a stray ',': the second one is refused and ends it.
    while (!builder.refused && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    if (!builder.refused) diagnostics.push_back({line_of(e.mark), column_of(e.mark), "not YAML: " + e.msg, {}});
    return std::nullopt;
  }
  if (builder.refused) return std::nullopt;
  return std::move(builder.root);
}

}  // namespace keyshift::transforms
