#include "transforms/explain_key.hpp"

#include <algorithm>

#include "transforms/rule_automata.hpp"

namespace keyshift::transforms {

namespace {

/// True when the pattern alone admits the key.
bool fits_alone(const KeyPattern& pattern, BytesView key) {
  const Chain chain = own_chain(pattern);
  std::vector<std::pair<std::size_t, Dfa::State>> places{{0, Dfa::start}}, next;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    next.clear();
    for (const auto& [piece, state] : places) {
      if (const Dfa::State s = chain.pieces[piece]->next(state, byte)) next.emplace_back(piece, s);
      if (!chain.pieces[piece]->accepting(state) || piece + 1 == chain.pieces.size()) continue;
      if (const Dfa::State s = chain.pieces[piece + 1]->next(Dfa::start, byte)) next.emplace_back(piece + 1, s);
    }
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    places.swap(next);
  }
  for (const auto& [piece, state] : places) {
    if (piece + 1 == chain.pieces.size() && chain.pieces[piece]->accepting(state)) return true;
  }
  return false;
}

void note_miss(const Rule& rule, Side side, BytesView key, std::vector<std::string>& misses) {
  const KeyPattern& here = side == Side::from ? rule.from : rule.to;
  const KeyPattern& there = side == Side::from ? rule.to : rule.from;
  if (!fits_alone(here, key)) return;
  misses.push_back("it fits " + here.text() + " of rule '" + rule.name + "', but with a value that " + there.text() +
                   " cannot hold, so the way back would be lost");
}

}  // namespace

KeyExplanation explain_key(const RuleSet& rules, BytesView key) {
  KeyExplanation out;
  out.key = Bytes(key);
  out.reserved = reserved(key);
  out.match = rules.match(key);
  if (out.match.rule < 0) {
    for (const Rule& rule : rules.rules()) {
      note_miss(rule, Side::from, key, out.near_misses);
      note_miss(rule, Side::to, key, out.near_misses);
    }
    return out;
  }
  const Rule& rule = rules.rules()[static_cast<std::size_t>(out.match.rule)];
  out.rule = rule.name;
  out.pattern = (out.match.side == Side::from ? rule.from : rule.to).text();
  for (const Captured& capture : rules.captures(out.match, key)) out.captures.emplace_back(capture.name, capture.value);
  rules.other_name(out.match, key, out.other_name);
  return out;
}

std::string to_text(const KeyExplanation& explanation) {
  const std::string key = "'" + printable(explanation.key) + "'";
  if (explanation.reserved) return key + " is a reserved name: Keyshift's own\n";
  std::string text;
  if (explanation.match.rule < 0) {
    text = key + " is out of every rule's scope: commands on it go through as they are\n";
    for (const std::string& miss : explanation.near_misses) text += "  " + miss + "\n";
    return text;
  }
  const bool old_side = explanation.match.side == Side::from;
  text = key + " belongs to rule '" + explanation.rule + "': it is the " + (old_side ? "old" : "new") + " name, by " +
         explanation.pattern + "\n";
  for (const auto& [name, value] : explanation.captures) text += "  <" + name + "> is '" + printable(value) + "'\n";
  return text + "  " + (old_side ? "new" : "old") + " name: '" + printable(explanation.other_name) + "'\n";
}

}  // namespace keyshift::transforms
