#include "transforms/regex.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "transforms/regex_parser.hpp"

namespace keyshift::transforms {

namespace {

using Set = std::vector<std::uint32_t>;

/// Steps of the subset construction that one expression may cost.
constexpr std::size_t kMaxWork = 2'000'000;

/// Makes a Thompson automaton deterministic.
class Subsets {
 public:
  explicit Subsets(const RegexNfa& nfa) : nfa_(nfa), mark_(nfa.nodes.size(), 0) { find_classes(); }

  [[nodiscard]] std::size_t work() const { return work_; }

  std::optional<Dfa> run() {
    closed_.assign(1, {});
    add({nfa_.start});
    for (std::size_t i = 1; i < closed_.size(); ++i) {
      work_ += heads_.size();
      for (const std::size_t byte : heads_) {
        if (!step(static_cast<Dfa::State>(i), byte)) return std::nullopt;
      }
    }
    return dfa_.trimmed();
  }

 private:
  /// Bytes that no node tells apart move together; heads_ has one of each group.
  void find_classes() {
    std::vector<ByteSet> sets;
    for (const RegexNode& node : nfa_.nodes) {
      if (node.kind == RegexNode::Kind::read && std::find(sets.begin(), sets.end(), node.bytes) == sets.end())
        sets.push_back(node.bytes);
    }
    std::map<std::vector<bool>, std::size_t> known;
    for (std::size_t b = 0; b < 256; ++b) {
      std::vector<bool> signature;
      for (const ByteSet& set : sets) signature.push_back(set[b]);
      const auto [entry, fresh] = known.try_emplace(signature, b);
      if (fresh) heads_.push_back(b);
      head_of_[b] = entry->second;
    }
  }

  /// `set` with everything that is reached from it without reading.
  Set closure(const Set& set) {
    ++round_;
    Set out, todo(set);
    while (!todo.empty()) {
      const std::uint32_t at = todo.back();
      todo.pop_back();
      if (at == RegexNode::nowhere || mark_[at] == round_) continue;
      mark_[at] = round_;
      ++work_;
      const RegexNode& node = nfa_.nodes[at];
      if (node.kind == RegexNode::Kind::split)
        todo.push_back(node.out), todo.push_back(node.other);
      else
        out.push_back(at);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  [[nodiscard]] bool accepting(const Set& set) const {
    for (const std::uint32_t at : set) {
      if (nfa_.nodes[at].kind == RegexNode::Kind::end) return true;
    }
    return false;
  }

  /// The state of `seeds`. The start is a state of its own that never accepts: a capture takes at least one byte.
  std::optional<Dfa::State> add(const Set& seeds) {
    Set set = closure(seeds);
    const bool first = closed_.size() == 1;
    if (const auto entry = known_.find(set); !first && entry != known_.end()) return entry->second;
    if (dfa_.size() >= Dfa::max_states) return std::nullopt;
    const Dfa::State state = dfa_.add(!first && accepting(set));
    if (!first) known_.emplace(set, state);
    closed_.push_back(std::move(set));
    return state;
  }

  bool step(Dfa::State from, std::size_t head) {
    Set seeds;
    for (const std::uint32_t at : closed_[from]) {
      ++work_;
      const RegexNode& node = nfa_.nodes[at];
      if (node.kind == RegexNode::Kind::read && node.bytes[head]) seeds.push_back(node.out);
    }
    if (seeds.empty()) return true;
    const std::optional<Dfa::State> to = add(seeds);
    if (!to || work_ > kMaxWork) return false;
    for (std::size_t b = 0; b < 256; ++b) {
      if (head_of_[b] == head) dfa_.set(from, b, *to);
    }
    return true;
  }

  const RegexNfa& nfa_;
  std::vector<std::size_t> heads_;
  std::array<std::size_t, 256> head_of_{};
  std::vector<std::uint32_t> mark_;
  std::uint32_t round_ = 0;
  std::size_t work_ = 0;
  std::vector<Set> closed_;
  std::map<Set, Dfa::State> known_;
  Dfa dfa_;
};

}  // namespace

RegexRead compile_regex(std::string_view text) {
  const RegexNfa nfa = parse_regex(text);
  if (!nfa.error.empty()) return {std::nullopt, nfa.error_at, nfa.error, nfa.nodes.size()};
  Subsets subsets(nfa);
  std::optional<Dfa> dfa = subsets.run();
  if (!dfa) return {std::nullopt, 0, "this regular expression needs too many states (2048 at most)", subsets.work()};
  if (dfa->empty()) return {std::nullopt, 0, "nothing but the empty text fits this regular expression", subsets.work()};
  return {std::move(dfa), 0, {}, subsets.work()};
}

}  // namespace keyshift::transforms
