#include "transforms/rule_automata.hpp"

#include <map>

#include "transforms/ambiguity.hpp"
#include "transforms/capture_class.hpp"

namespace keyshift::transforms {

namespace {

using Captures = std::map<std::string, std::shared_ptr<const Dfa>, std::less<>>;

Captures own_captures(const KeyPattern& pattern) {
  Captures captures;
  for (std::size_t i = 0; i < pattern.pieces().size(); ++i) {
    const Piece& piece = pattern.pieces()[i];
    if (piece.capture) captures[piece.name] = std::make_shared<const Dfa>(capture_dfa(piece, pattern.literal_after(i)));
  }
  return captures;
}

Chain chain_of(const KeyPattern& pattern, const Captures& captures) {
  Chain chain;
  for (const Piece& piece : pattern.pieces()) {
    chain.pieces.push_back(piece.capture ? captures.find(piece.name)->second
                                         : std::make_shared<const Dfa>(literal_dfa(piece.literal)));
  }
  return chain;
}

void compare_names(const KeyPattern& one, const KeyPattern& other, Side side, std::vector<RuleProblem>& problems) {
  const char* const there = side == Side::from ? "`to`" : "`from`";
  for (const Piece& piece : one.pieces()) {
    if (piece.capture && other.capture(piece.name) == nullptr)
      problems.push_back({side, "the capture <" + piece.name + "> is missing in " + there,
                          "both sides use the same captures, so that every name can be turned round"});
  }
}

bool classes_differ(const Piece& a, const Piece& b) {
  if (a.kind == CaptureClass::until || b.kind == CaptureClass::until) return false;
  return a.kind != b.kind || a.regex != b.regex;
}

void compare_classes(const KeyPattern& from, const KeyPattern& to, std::vector<RuleProblem>& problems) {
  for (const Piece& piece : from.pieces()) {
    const Piece* const there = piece.capture ? to.capture(piece.name) : nullptr;
    if (there != nullptr && classes_differ(piece, *there))
      problems.push_back({Side::to, "the capture <" + piece.name + "> has another class here than in `from`",
                          "write the class on one side only, or the same on both"});
  }
}

/// "id='a', name='b:c'": the captures of `key` as `cut` has them.
std::string values(const KeyPattern& pattern, BytesView key, const std::vector<std::size_t>& cut) {
  std::string text;
  for (std::size_t i = 0; i < cut.size(); ++i) {
    if (!pattern.pieces()[i].capture) continue;
    const std::size_t end = i + 1 < cut.size() ? cut[i + 1] : key.size();
    text += (text.empty() ? "" : ", ") + pattern.pieces()[i].name + "='" + printable(key.substr(cut[i], end - cut[i])) +
            "'";
  }
  return text;
}

void check_ambiguity(const KeyPattern& pattern, const Chain& chain, Side side, RuleCompilation& out) {
  std::vector<RuleProblem>& problems = out.problems;
  const std::optional<Ambiguity> found = find_ambiguity(chain, out.work);
  if (!found) return;
  if (found->unknown) {
    problems.push_back({side, "this pattern is too large to be analysed", "use simpler classes, or fewer captures"});
    return;
  }
  problems.push_back({side,
                      "a key could be read in two ways: '" + printable(found->key) + "' is " +
                          values(pattern, found->key, found->one) + " or " + values(pattern, found->key, found->other),
                      "put a literal between the captures that neither can hold, or give them classes"});
}

/// What each capture may hold on both sides; complains of those that can hold nothing.
Captures shared_captures(const KeyPattern& from, const KeyPattern& to, std::vector<RuleProblem>& problems) {
  Captures shared = own_captures(from);
  const Captures other = own_captures(to);
  for (auto& [name, dfa] : shared) {
    std::optional<Dfa> both = intersect(*dfa, *other.find(name)->second);
    if (!both) {
      problems.push_back(
          {Side::to, "the capture <" + name + "> needs too many states (2048 at most)", "use a simpler class"});
    } else if (both->empty()) {
      problems.push_back({Side::to, "nothing fits the capture <" + name + "> on both sides",
                          "its class and the literal that follows it leave nothing over"});
    } else {
      dfa = std::make_shared<const Dfa>(std::move(*both));
    }
  }
  return shared;
}

}  // namespace

Chain own_chain(const KeyPattern& pattern) { return chain_of(pattern, own_captures(pattern)); }

RuleCompilation compile_rule(const KeyPattern& from, const KeyPattern& to) {
  RuleCompilation out;
  compare_names(from, to, Side::from, out.problems);
  compare_names(to, from, Side::to, out.problems);
  compare_classes(from, to, out.problems);
  if (!out.problems.empty()) return out;
  const Captures captures = shared_captures(from, to, out.problems);
  if (!out.problems.empty()) return out;
  for (const auto& [name, dfa] : captures) out.work += dfa->size() * 256;
  out.automata = {chain_of(from, captures), chain_of(to, captures)};
  check_ambiguity(from, out.automata.from, Side::from, out);
  check_ambiguity(to, out.automata.to, Side::to, out);
  return out;
}

}  // namespace keyshift::transforms
