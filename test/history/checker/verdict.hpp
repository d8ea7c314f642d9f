#pragma once
#include <string>
#include <vector>

#include "search.hpp"

namespace keyshift::history {

/// The smallest part of a history found that nothing explains.
struct Violation {
  std::vector<std::string> keys;
  std::vector<State> before;  ///< what the records may be when it begins
  std::vector<const Operation*>
      window;                          ///< by their begin; reads that are not needed for the contradiction are left out
  const Operation* culprit = nullptr;  ///< whose reply cannot be
};

struct Verdict {
  std::size_t operations = 0;
  std::size_t unknown = 0;  ///< writes of unknown outcome
  std::size_t components = 0;
  std::vector<Violation> violations;
  std::vector<std::string> undecided;  ///< a key of each component that was too hard
  std::size_t concurrency_median = 0;  ///< operations under way on the same component when one begins, itself included
  std::size_t concurrency_most = 0;
  std::size_t most_configurations = 0;

  [[nodiscard]] bool linearizable() const { return violations.empty() && undecided.empty(); }
};

/// Judges a whole history. `wrong` as components_of().
std::optional<Verdict> judge(History& history, const SearchSettings& settings, std::string& wrong);

/// For people: the records, what they may have been, what happened, and which reply cannot be.
std::string show(const Violation& violation);

}  // namespace keyshift::history
