#include "transforms/ambiguity.hpp"

#include <algorithm>
#include <map>

#include "transforms/byte_classes.hpp"

namespace keyshift::transforms {

namespace {

constexpr std::size_t kMaxPairs = 100'000;

/// Where a cut stands: in which piece, in which state of it.
struct Place {
  std::uint16_t piece = 0;
  Dfa::State state = Dfa::start;
  auto operator<=>(const Place&) const = default;
};

/// Two cuts of one key so far, and how they got there.
struct Visit {
  Place one, other;
  bool differ = false;
  std::size_t parent = 0;
  unsigned char byte = 0;
};

class PairWalk {
 public:
  explicit PairWalk(const Chain& chain) : chain_(chain), classes_(byte_classes({&chain, 1})) {}

  std::optional<Ambiguity> run() {
    visits_.push_back({});
    for (std::size_t i = 0; i < visits_.size(); ++i) {
      if (visits_[i].differ && complete(visits_[i].one) && complete(visits_[i].other)) return story(i);
      for (const std::uint8_t c : classes_.reading_order) spread(i, classes_.heads[c]);
      if (visits_.size() > kMaxPairs) {
        Ambiguity given_up;
        given_up.unknown = true;
        return given_up;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t work() const { return visits_.size() * classes_.heads.size(); }

 private:
  [[nodiscard]] bool complete(Place at) const {
    return at.piece + 1U == chain_.pieces.size() && chain_.pieces[at.piece]->accepting(at.state);
  }

  /// Every place that a cut may be at after `byte`: on in its piece, or as the first byte of the next one.
  std::vector<Place> after(Place at, unsigned char byte) const {
    std::vector<Place> places;
    if (const Dfa::State s = chain_.pieces[at.piece]->next(at.state, byte)) places.push_back({at.piece, s});
    if (!chain_.pieces[at.piece]->accepting(at.state) || at.piece + 1U == chain_.pieces.size()) return places;
    const auto next = static_cast<std::uint16_t>(at.piece + 1);
    if (const Dfa::State s = chain_.pieces[next]->next(Dfa::start, byte)) places.push_back({next, s});
    return places;
  }

  void spread(std::size_t from, unsigned char byte) {
    const Visit visit = visits_[from];
    for (const Place one : after(visit.one, byte)) {
      for (const Place other : after(visit.other, byte)) {
        // Pieces are deterministic: two cuts part exactly where one goes on to the next piece and the other does not.
        const bool differ = visit.differ || one.piece != other.piece;
        if (known_.try_emplace({one, other, differ}, true).second) visits_.push_back({one, other, differ, from, byte});
      }
    }
  }

  Ambiguity story(std::size_t at) const {
    Ambiguity found;
    std::vector<Visit> path;
    for (; at != 0; at = visits_[at].parent) path.push_back(visits_[at]);
    std::reverse(path.begin(), path.end());
    for (std::size_t i = 0; i < path.size(); ++i) {
      found.key += static_cast<char>(path[i].byte);
      if (found.one.size() <= path[i].one.piece) found.one.push_back(i);
      if (found.other.size() <= path[i].other.piece) found.other.push_back(i);
    }
    return found;
  }

  const Chain& chain_;
  ByteClasses classes_;
  std::vector<Visit> visits_;
  std::map<std::tuple<Place, Place, bool>, bool> known_;
};

}  // namespace

std::optional<Ambiguity> find_ambiguity(const Chain& chain, std::size_t& work) {
  PairWalk walk(chain);
  std::optional<Ambiguity> found = walk.run();
  work += walk.work();
  return found;
}

}  // namespace keyshift::transforms
