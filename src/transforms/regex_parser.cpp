#include "transforms/regex_parser.hpp"

#include <charconv>
#include <memory>
#include <optional>

#include "transforms/regex_set.hpp"

namespace keyshift::transforms {

namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr unsigned kMaxRepeat = 1000;
constexpr unsigned kForever = 0xFFFFFFFF;

/// A node of the syntax tree: a set of bytes, a sequence, alternatives, or its one child repeated.
struct Tree {
  enum class Kind : std::uint8_t { set, sequence, either, repeat } kind = Kind::sequence;
  ByteSet bytes;
  std::vector<Tree> children;
  unsigned low = 1, high = 1;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Tree whole() {
    Tree tree = alternatives(0);
    if (error_.empty() && at_ < text_.size()) refuse("this ) has no (");
    return tree;
  }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size() && error_.empty(); }
  void refuse(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }

  Tree alternatives(std::size_t depth) {
    Tree either;
    either.kind = Tree::Kind::either;
    if (depth > kMaxDepth) refuse("groups are nested too deeply (32 at most)");
    do {
      either.children.push_back(sequence(depth));
    } while (more() && text_[at_] == '|' && ++at_);
    return either;
  }

  Tree sequence(std::size_t depth) {
    Tree tree;
    while (more() && text_[at_] != '|' && text_[at_] != ')') tree.children.push_back(repeated(depth));
    return tree;
  }

  Tree repeated(std::size_t depth) {
    Tree tree = atom(depth);
    const std::optional<std::pair<unsigned, unsigned>> times = quantifier();
    if (!times) return tree;
    if (more() && (text_[at_] == '?' || text_[at_] == '+' || text_[at_] == '*' || text_[at_] == '{'))
      refuse("lazy, possessive and doubled quantifiers have no meaning here");
    Tree repeat;
    repeat.kind = Tree::Kind::repeat;
    repeat.low = times->first;
    repeat.high = times->second;
    repeat.children.push_back(std::move(tree));
    return repeat;
  }

  std::optional<std::pair<unsigned, unsigned>> quantifier() {
    if (!more()) return std::nullopt;
    switch (text_[at_]) {
      case '*':
        ++at_;
        return std::pair{0U, kForever};
      case '+':
        ++at_;
        return std::pair{1U, kForever};
      case '?':
        ++at_;
        return std::pair{0U, 1U};
      case '{':
        return counts();
      default:
        return std::nullopt;
    }
  }

  unsigned number() {
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (problem != std::errc{} || value > kMaxRepeat) refuse("a count is a number up to 1000");
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::optional<std::pair<unsigned, unsigned>> counts() {
    const std::size_t begin = at_++;
    const unsigned low = number();
    unsigned high = low;
    if (more() && text_[at_] == ',') {
      ++at_;
      high = more() && text_[at_] == '}' ? kForever : number();
    }
    if (error_.empty() && (at_ >= text_.size() || text_[at_] != '}')) refuse("a count looks like {2}, {2,} or {2,5}");
    if (error_.empty() && low > high) refuse("the lower count comes first");
    if (!error_.empty())
      at_ = begin;
    else
      ++at_;
    return std::pair{low, high};
  }

  Tree atom(std::size_t depth) {
    Tree tree;
    tree.kind = Tree::Kind::set;
    switch (text_[at_]) {
      case '(':
        return group(depth);
      case '.':
        tree.bytes.set();
        ++at_;
        return tree;
      case '[':
        tree.bytes = located(read_class);
        return tree;
      case '\\':
        tree.bytes = located(read_escape);
        return tree;
      case '^':
      case '$':
        refuse("a capture fits as a whole: leave the anchor out");
        return tree;
      case '*':
      case '+':
      case '?':
      case '{':
        refuse("there is nothing in front to repeat");
        return tree;
      default:
        tree.bytes.set(static_cast<unsigned char>(text_[at_++]));
        return tree;
    }
  }

  template <class Read>
  ByteSet located(Read read) {
    const std::size_t begin = at_;
    const ByteSet set = read(text_, at_, error_);
    if (!error_.empty()) at_ = begin;
    return set;
  }

  Tree group(std::size_t depth) {
    const std::size_t begin = at_++;
    if (at_ < text_.size() && text_[at_] == '?') {
      if (at_ + 1 >= text_.size() || text_[at_ + 1] != ':') {
        refuse("of the groups with ? only (?: ) is known");
        return {};
      }
      at_ += 2;
    }
    Tree inside = alternatives(depth + 1);
    if (!error_.empty()) return inside;
    if (at_ >= text_.size())
      at_ = begin, refuse("this ( has no )");
    else
      ++at_;
    return inside;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

/// Writes a tree as nodes, from its end to its start: each build returns where to enter so as to arrive at `next`.
class Writer {
 public:
  std::vector<RegexNode> nodes;
  [[nodiscard]] bool full() const { return nodes.size() > kRegexMaxNodes; }

  std::uint32_t add(RegexNode node) {
    nodes.push_back(node);
    return static_cast<std::uint32_t>(nodes.size() - 1);
  }
  std::uint32_t split(std::uint32_t out, std::uint32_t other) { return add({RegexNode::Kind::split, {}, out, other}); }

  std::uint32_t build(const Tree& tree, std::uint32_t next) {
    if (full()) return next;
    switch (tree.kind) {
      case Tree::Kind::set:
        return add({RegexNode::Kind::read, tree.bytes, next, RegexNode::nowhere});
      case Tree::Kind::repeat:
        return build_repeat(tree, next);
      case Tree::Kind::either:
        return build_either(tree, next);
      case Tree::Kind::sequence:
        break;
    }
    for (auto child = tree.children.rbegin(); child != tree.children.rend(); ++child) next = build(*child, next);
    return next;
  }

 private:
  std::uint32_t build_either(const Tree& tree, std::uint32_t next) {
    std::uint32_t entry = build(tree.children[0], next);
    for (std::size_t i = 1; i < tree.children.size(); ++i) entry = split(entry, build(tree.children[i], next));
    return entry;
  }

  std::uint32_t build_repeat(const Tree& tree, std::uint32_t next) {
    const Tree& child = tree.children[0];
    if (tree.high == kForever) {
      const std::uint32_t loop = split(RegexNode::nowhere, next);
      const std::uint32_t body = build(child, loop);
      nodes[loop].out = body;
      next = loop;
    } else {
      const std::uint32_t done = next;
      for (unsigned i = tree.low; i < tree.high && !full(); ++i) next = split(build(child, next), done);
    }
    for (unsigned i = 0; i < tree.low && !full(); ++i) next = build(child, next);
    return next;
  }
};

}  // namespace

RegexNfa parse_regex(std::string_view text) {
  Parser parser(text);
  const Tree tree = parser.whole();
  RegexNfa nfa;
  nfa.error = parser.error();
  nfa.error_at = parser.at();
  if (!nfa.error.empty()) return nfa;
  Writer writer;
  const std::uint32_t end = writer.add({RegexNode::Kind::end, {}, RegexNode::nowhere, RegexNode::nowhere});
  nfa.start = writer.build(tree, end);
  if (writer.full()) {
    nfa.error_at = 0;
    nfa.error = "this regular expression is too large (its repeats written out have more than 4000 positions)";
  }
  nfa.nodes = std::move(writer.nodes);
  return nfa;
}

}  // namespace keyshift::transforms
