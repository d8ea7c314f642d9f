#include "transforms/key_cutter.hpp"

#include "base/check.hpp"

namespace keyshift::transforms {

namespace {

/// One way to cut the key so far: where it stands and where its pieces began.
struct Thread {
  std::size_t piece = 0;
  Dfa::State state = Dfa::start;
  std::vector<std::size_t> begins{0};
};

}  // namespace

KeyCutter::KeyCutter(const KeyPattern& pattern, Chain chain) : chain_(std::move(chain)) {
  for (std::size_t i = 0; i < pattern.pieces().size() && searches_; ++i) searches_ = settle(pattern, i);
}

bool KeyCutter::settle(const KeyPattern& pattern, std::size_t piece) {
  const std::vector<Piece>& pieces = pattern.pieces();
  if (!pieces[piece].capture) {
    ends_.push_back({End::By::length, pieces[piece].literal.size(), {}});
    return true;
  }
  const Bytes stop(pattern.literal_after(piece));
  const bool last = piece + 1 == pieces.size() || (piece + 2 == pieces.size() && !stop.empty());
  if (last) {
    ends_.push_back({End::By::tail, stop.size(), {}});
    return true;
  }
  if (stop.empty() || !included(*chain_.pieces[piece], until_dfa(stop))) return false;
  ends_.push_back({End::By::stop, 0, stop});
  return true;
}

std::vector<std::size_t> KeyCutter::walk(BytesView key) const {
  std::vector<Thread> threads(1), next;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto byte = static_cast<unsigned char>(key[i]);
    next.clear();
    for (Thread& thread : threads) {
      const Dfa& dfa = *chain_.pieces[thread.piece];
      if (dfa.accepting(thread.state) && thread.piece + 1 < chain_.pieces.size()) {
        if (const Dfa::State s = chain_.pieces[thread.piece + 1]->next(Dfa::start, byte)) {
          next.push_back({thread.piece + 1, s, thread.begins});
          next.back().begins.push_back(i);
        }
      }
      if (const Dfa::State s = dfa.next(thread.state, byte))
        next.push_back({thread.piece, s, std::move(thread.begins)});
    }
    threads.swap(next);
  }
  for (Thread& thread : threads) {
    if (thread.piece + 1 == chain_.pieces.size() && chain_.pieces[thread.piece]->accepting(thread.state))
      return std::move(thread.begins);
  }
  KS_CHECK(false, "a key that is cut fits the chain");
}

}  // namespace keyshift::transforms
