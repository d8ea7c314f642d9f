#include "transforms/dfa.hpp"

#include <map>

#include "base/check.hpp"

namespace keyshift::transforms {

namespace {

constexpr std::size_t kBytes = 256;

std::size_t index(char byte) { return static_cast<unsigned char>(byte); }

std::vector<bool> reachable(const Dfa& dfa) {
  std::vector<bool> seen(dfa.size(), false);
  std::vector<Dfa::State> todo;
  if (!dfa.empty()) todo.push_back(Dfa::start), seen[Dfa::start] = true;
  while (!todo.empty()) {
    const Dfa::State state = todo.back();
    todo.pop_back();
    for (const Dfa::State to : dfa.row(state)) {
      if (!seen[to]) seen[to] = true, todo.push_back(to);
    }
  }
  seen[Dfa::dead] = false;
  return seen;
}

/// States from which an accepting one can be reached, found by walking the edges backwards.
std::vector<bool> useful(const Dfa& dfa) {
  std::vector<std::vector<Dfa::State>> sources(dfa.size());
  std::vector<bool> seen(dfa.size(), false);
  std::vector<Dfa::State> todo;
  for (std::size_t s = 1; s < dfa.size(); ++s) {
    const auto state = static_cast<Dfa::State>(s);
    Dfa::State last = Dfa::dead;
    for (const Dfa::State to : dfa.row(state)) {
      if (to != last) sources[to].push_back(state);
      last = to;
    }
    if (dfa.accepting(state)) todo.push_back(state), seen[s] = true;
  }
  while (!todo.empty()) {
    const Dfa::State state = todo.back();
    todo.pop_back();
    for (const Dfa::State from : sources[state]) {
      if (!seen[from]) seen[from] = true, todo.push_back(from);
    }
  }
  return seen;
}

/// Where KMP stands after `byte` when it stood at `at` of `stop`; `fail` is its failure table.
std::size_t advance(BytesView stop, const std::vector<std::size_t>& fail, std::size_t at, char byte) {
  while (at > 0 && (at == stop.size() || stop[at] != byte)) at = fail[at - 1];
  return stop[at] == byte ? at + 1 : at;
}

std::vector<std::size_t> failures(BytesView stop) {
  std::vector<std::size_t> fail(stop.size(), 0);
  for (std::size_t i = 1; i < stop.size(); ++i) fail[i] = advance(stop.substr(0, i), fail, fail[i - 1], stop[i]);
  return fail;
}

/// True when `stop`, read on from where KMP stands at `at`, is found at its own end and not before.
bool ends_first(BytesView stop, const std::vector<std::size_t>& fail, std::size_t at) {
  for (std::size_t i = 0; i < stop.size(); ++i) {
    at = advance(stop, fail, at, stop[i]);
    if (at == stop.size()) return i + 1 == stop.size();
  }
  return false;
}

}  // namespace

Dfa::State Dfa::add(bool accepting) {
  rows_.emplace_back();
  rows_.back().fill(dead);
  accepting_.push_back(accepting);
  KS_CHECK(rows_.size() <= 0xFFFF, "builders of automata stop before their states run out");
  return static_cast<State>(rows_.size() - 1);
}

bool Dfa::fits(BytesView text) const {
  State state = empty() ? dead : start;
  for (const char byte : text) state = next(state, index(byte));
  return accepting(state);
}

bool Dfa::may_contain(unsigned char byte) const {
  for (std::size_t s = 1; s < size(); ++s) {
    if (rows_[s][byte] != dead) return true;
  }
  return false;
}

Dfa Dfa::trimmed() const {
  std::vector<bool> keep = reachable(*this);
  const std::vector<bool> good = useful(*this);
  Dfa out;
  if (empty() || !good[start]) return out;
  std::vector<State> renamed(size(), dead);
  for (std::size_t s = 1; s < size(); ++s) {
    if (keep[s] && good[s]) renamed[s] = out.add(accepting_[s]);
  }
  for (std::size_t s = 1; s < size(); ++s) {
    if (renamed[s] == dead) continue;
    for (std::size_t b = 0; b < kBytes; ++b) out.set(renamed[s], b, renamed[rows_[s][b]]);
  }
  return out;
}

Dfa literal_dfa(BytesView text) {
  Dfa dfa;
  Dfa::State at = dfa.add(false);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Dfa::State to = dfa.add(i + 1 == text.size());
    dfa.set(at, index(text[i]), to);
    at = to;
  }
  return dfa;
}

Dfa until_dfa(BytesView stop) {
  Dfa dfa;
  dfa.add(false);  // the start stands apart: no byte taken yet
  if (stop.empty()) {
    const Dfa::State any = dfa.add(true);
    for (std::size_t b = 0; b < kBytes; ++b) dfa.set(Dfa::start, b, any), dfa.set(any, b, any);
    return dfa;
  }
  const std::vector<std::size_t> fail = failures(stop);
  const auto state_of = [](std::size_t at) { return static_cast<Dfa::State>(at + 2); };
  for (std::size_t at = 0; at < stop.size(); ++at) dfa.add(ends_first(stop, fail, at));
  for (std::size_t b = 0; b < kBytes; ++b) {
    for (std::size_t at = 0; at < stop.size(); ++at) {
      const std::size_t to = advance(stop, fail, at, static_cast<char>(b));
      const Dfa::State target = to == stop.size() ? Dfa::dead : state_of(to);
      dfa.set(state_of(at), b, target);
      if (at == 0) dfa.set(Dfa::start, b, target);
    }
  }
  return dfa.trimmed();
}

std::optional<Dfa> intersect(const Dfa& a, const Dfa& b) {
  Dfa out;
  if (a.empty() || b.empty()) return out;
  std::map<std::pair<Dfa::State, Dfa::State>, Dfa::State> known;
  std::vector<std::pair<Dfa::State, Dfa::State>> pairs{{Dfa::dead, Dfa::dead}, {Dfa::start, Dfa::start}};
  known[pairs[1]] = out.add(a.accepting(Dfa::start) && b.accepting(Dfa::start));
  for (std::size_t i = 1; i < pairs.size(); ++i) {
    const auto [left, right] = pairs[i];
    for (std::size_t byte = 0; byte < kBytes; ++byte) {
      const std::pair to{a.next(left, byte), b.next(right, byte)};
      if (to.first == Dfa::dead || to.second == Dfa::dead) continue;
      const auto [entry, fresh] = known.try_emplace(to, Dfa::dead);
      if (fresh) {
        if (out.size() >= Dfa::max_states) return std::nullopt;
        entry->second = out.add(a.accepting(to.first) && b.accepting(to.second));
        pairs.push_back(to);
      }
      out.set(static_cast<Dfa::State>(i), byte, entry->second);
    }
  }
  return out.trimmed();
}

bool included(const Dfa& a, const Dfa& b) {
  if (a.empty()) return true;
  const Dfa::State other = b.empty() ? Dfa::dead : Dfa::start;
  std::vector<bool> seen(a.size() * b.size(), false);
  std::vector<std::pair<Dfa::State, Dfa::State>> todo{{Dfa::start, other}};
  while (!todo.empty()) {
    const auto [left, right] = todo.back();
    todo.pop_back();
    if (a.accepting(left) && !b.accepting(right)) return false;
    for (std::size_t byte = 0; byte < kBytes; ++byte) {
      const std::pair to{a.next(left, byte), b.next(right, byte)};
      const std::size_t at = to.first * b.size() + to.second;
      if (to.first == Dfa::dead || seen[at]) continue;
      seen[at] = true;
      todo.push_back(to);
    }
  }
  return true;
}

}  // namespace keyshift::transforms
