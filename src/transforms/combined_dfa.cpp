#include "transforms/combined_dfa.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace keyshift::transforms {

namespace {

/// Steps of the construction for one set of rules: a second or two at most.
constexpr std::size_t kMaxWork = 20'000'000;

using Set = std::vector<std::uint32_t>;

struct SetHash {
  std::size_t operator()(const Set& set) const noexcept {
    std::size_t hash = 0xcbf29ce484222325U;
    for (const std::uint32_t node : set) hash = (hash ^ node) * 0x100000001b3U;
    return hash;
  }
};

/// A state of a piece of a chain, numbered through all chains.
struct Node {
  std::uint32_t chain;
  std::uint16_t piece;
  Dfa::State state;
};

class Builder {
 public:
  explicit Builder(std::span<const Chain> chains) : chains_(chains) {
    out_.classes = byte_classes(chains);
    number_nodes();
  }

  CombinedDfa run() {
    sets_.emplace_back();
    out_.chain.push_back(CombinedDfa::nobody);
    out_.next.resize(width());
    parents_.push_back({});
    Set first;
    for (std::uint32_t c = 0; c < chains_.size(); ++c) first.push_back(id(c, 0, Dfa::start));
    state_of(first, 0, 0);
    for (std::size_t s = 1; s < sets_.size() && !out_.too_large; ++s) expand(s);
    return std::move(out_);
  }

 private:
  struct Step {
    std::size_t parent = 0;
    unsigned char byte = 0;
  };

  [[nodiscard]] std::size_t width() const { return out_.classes.heads.size(); }
  [[nodiscard]] std::uint32_t id(std::uint32_t chain, std::size_t piece, Dfa::State state) const {
    return offsets_[chain][piece] + state;
  }

  void number_nodes() {
    for (std::uint32_t c = 0; c < chains_.size(); ++c) {
      offsets_.emplace_back();
      for (std::size_t p = 0; p < chains_[c].pieces.size(); ++p) {
        offsets_[c].push_back(static_cast<std::uint32_t>(nodes_.size()));
        for (std::size_t s = 0; s < chains_[c].pieces[p]->size(); ++s)
          nodes_.push_back({c, static_cast<std::uint16_t>(p), static_cast<Dfa::State>(s)});
      }
    }
  }

  void expand(std::size_t from) {
    for (const std::uint8_t c : out_.classes.reading_order) {
      const unsigned char byte = out_.classes.heads[c];
      const Set to = after(sets_[from], byte);
      if (to.empty()) continue;
      const std::uint16_t target = state_of(to, from, byte);
      if (work_ > kMaxWork || sets_.size() > CombinedDfa::max_states) {
        out_.too_large = true;
        return;
      }
      out_.next[from * width() + c] = target;
    }
  }

  Set after(const Set& set, unsigned char byte) {
    Set to;
    work_ += set.size();
    for (const std::uint32_t n : set) {
      const Node node = nodes_[n];
      const Chain& chain = chains_[node.chain];
      const Dfa& dfa = *chain.pieces[node.piece];
      if (const Dfa::State s = dfa.next(node.state, byte)) to.push_back(id(node.chain, node.piece, s));
      if (!dfa.accepting(node.state) || node.piece + 1U == chain.pieces.size()) continue;
      if (const Dfa::State s = chain.pieces[node.piece + 1U]->next(Dfa::start, byte))
        to.push_back(id(node.chain, node.piece + 1U, s));
    }
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
    return to;
  }

  std::uint16_t state_of(const Set& set, std::size_t parent, unsigned char byte) {
    const auto [entry, fresh] = known_.try_emplace(set, static_cast<std::uint16_t>(sets_.size()));
    if (!fresh) return entry->second;
    sets_.push_back(set);
    parents_.push_back({parent, byte});
    out_.next.resize(sets_.size() * width());
    out_.chain.push_back(CombinedDfa::nobody);
    accept(sets_.size() - 1);
    return entry->second;
  }

  void accept(std::size_t state) {
    std::vector<std::size_t> chains;
    for (const std::uint32_t n : sets_[state]) {
      const Node node = nodes_[n];
      const Chain& chain = chains_[node.chain];
      const bool whole = node.piece + 1U == chain.pieces.size() && chain.pieces[node.piece]->accepting(node.state);
      if (whole && (chains.empty() || chains.back() != node.chain)) chains.push_back(node.chain);
    }
    if (chains.empty()) return;
    out_.chain[state] = static_cast<std::int32_t>(chains[0]);
    for (std::size_t i = 0; i < chains.size(); ++i) {
      for (std::size_t j = i + 1; j < chains.size(); ++j) note_clash(chains[i], chains[j], state);
    }
  }

  void note_clash(std::size_t one, std::size_t other, std::size_t state) {
    if (!clashing_.insert({one, other}).second) return;
    Clash clash{one, other, {}};
    for (std::size_t at = state; at > 1; at = parents_[at].parent) clash.key += static_cast<char>(parents_[at].byte);
    std::reverse(clash.key.begin(), clash.key.end());
    out_.clashes.push_back(std::move(clash));
  }

  std::span<const Chain> chains_;
  std::vector<std::vector<std::uint32_t>> offsets_;
  std::vector<Node> nodes_;
  std::vector<Set> sets_;
  std::vector<Step> parents_;
  std::unordered_map<Set, std::uint16_t, SetHash> known_;
  std::set<std::pair<std::size_t, std::size_t>> clashing_;
  std::size_t work_ = 0;
  CombinedDfa out_;
};

}  // namespace

CombinedDfa combine(std::span<const Chain> chains) { return Builder(chains).run(); }

}  // namespace keyshift::transforms
