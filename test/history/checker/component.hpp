#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model.hpp"

namespace keyshift::history {

/// One operation as the search sees it. Points into the history that it was made of.
struct Step {
  const Operation* operation = nullptr;
  std::vector<Call> calls;
  bool without_effect = false;  ///< it changed nothing, so it may be dropped without making a history worse
  bool blind = false;           ///< a plain SET: its reply says nothing of what was there
  std::ptrdiff_t behind = -1;   ///< the step that its client had sent on the same connection before; -1: none
};

/// Records that some operation ties together, with all operations on them. Components share nothing, so a history is
/// linearizable when each of its components is.
struct Component {
  std::vector<std::string> keys;
  std::vector<Step> steps;  ///< by their begin
};

/// Cuts a history into components. The replies are put into canonical order, so the history is changed; it must outlive
/// the result. Reads of unknown outcome are left out: they say nothing and do nothing. `wrong` gets the first command
/// that the model does not know.
std::optional<std::vector<Component>> components_of(History& history, std::string& wrong);

}  // namespace keyshift::history
