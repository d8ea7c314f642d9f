#include "transforms/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <sstream>

#include "base/bytes.hpp"
#include "transforms/utf8_check.hpp"

namespace keyshift::transforms {

namespace {

/// Ends the reading from inside of yaml-cpp's callbacks; never leaves this file.
struct Stop {
  Diagnostic why;
};

std::size_t line_of(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.line + 1); }
std::size_t column_of(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.column + 1); }

[[noreturn]] void stop(const YAML::Mark& mark, std::string what, std::string hint = {}) {
  throw Stop{{line_of(mark), column_of(mark), std::move(what), std::move(hint)}};
}

/// Builds the tree from the parser's events, so that limits hold before memory is spent.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::vector<Diagnostic>& diagnostics) : diagnostics_(diagnostics) {}

  YamlNode root;
  std::size_t documents = 0;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents > 1) stop(mark, "a second document in one file", "one file holds one migration");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    value(made(mark, anchor, YamlNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    stop(mark, "aliases (*name) are not read", "write the text out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check_tag(mark, tag);
    YamlNode node = made(mark, anchor, YamlNode::Kind::scalar);
    node.text = text;
    node.quoted = tag == "!";
    if (!open_.empty() && open_.back().expects_key)
      begin_entry(open_.back(), node);
    else
      value(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    enter(mark, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { leave(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    enter(mark, anchor, YamlNode::Kind::map);
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

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "!" && tag != "?") stop(mark, "tags (!name) are not read", "leave the tag out");
  }

  YamlNode made(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (anchor != 0) stop(mark, "anchors (&name) are not read", "write the text out where it is needed");
    if (++nodes_ > kYamlMaxNodes) stop(mark, "the file has more than 50000 values", "split the migration");
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
    if (open.expects_key) stop_at(node, "a key must be text");
    if (open.node.kind == YamlNode::Kind::map) {
      node.key = open.key.text;
      node.key_line = open.key.line;
      node.key_column = open.key.column;
      open.expects_key = true;
    }
    open.node.children.push_back(std::move(node));
  }

  [[noreturn]] static void stop_at(const YamlNode& node, std::string what) {
    throw Stop{{node.line, node.column, std::move(what), {}}};
  }

  void enter(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    Open open;
    open.node = made(mark, anchor, kind);
    if (!open_.empty() && open_.back().expects_key) stop_at(open.node, "a key must be text");
    if (open_.size() >= kYamlMaxDepth) stop_at(open.node, "nested more than 24 deep");
    open.expects_key = kind == YamlNode::Kind::map;
    open_.push_back(std::move(open));
  }

  void leave() {
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    value(std::move(done));
  }

  std::vector<Diagnostic>& diagnostics_;
  std::vector<Open> open_;
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
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    diagnostics.push_back(stop.why);
    return std::nullopt;
  } catch (const YAML::Exception& e) {
    diagnostics.push_back({line_of(e.mark), column_of(e.mark), "not YAML: " + e.msg, {}});
    return std::nullopt;
  }
  return std::move(builder.root);
}

}  // namespace keyshift::transforms
