#pragma once
#include "base/bytes.hpp"
#include "migration/mode.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::proxy {

/// The side of a migration on which an app of `view` names records.
inline transforms::Side side_of(migration::View view) noexcept {
  return view == migration::View::old ? transforms::Side::from : transforms::Side::to;
}
/// The side on which commands run in `mode`: where records are, or go to.
inline transforms::Side home_side(migration::Mode mode) noexcept {
  return migration::runs_at_new(mode) ? transforms::Side::to : transforms::Side::from;
}
inline transforms::Side opposite(transforms::Side side) noexcept {
  return side == transforms::Side::from ? transforms::Side::to : transforms::Side::from;
}

/// Turns stored names into the names that an app of one view knows. A record has one name there, whichever of its two
/// names is stored; a key out of every rule's scope keeps its own. Holds a reference to the rules; any thread.
class AppNames {
 public:
  AppNames(const transforms::RuleSet& rules, migration::View view) noexcept : rules_(rules), side_(side_of(view)) {}

  /// The app's name of the stored key. A view of `stored` itself or of `scratch`, which is overwritten.
  [[nodiscard]] BytesView of(BytesView stored, Bytes& scratch) const {
    return of(rules_.match(stored), stored, scratch);
  }
  /// The same for who has matched the key already.
  [[nodiscard]] BytesView of(const transforms::Match& match, BytesView stored, Bytes& scratch) const {
    if (match.rule < 0 || match.side == side_) return stored;
    rules_.other_name(match, stored, scratch);
    return scratch;
  }
  [[nodiscard]] const transforms::RuleSet& rules() const noexcept { return rules_; }

 private:
  const transforms::RuleSet& rules_;
  transforms::Side side_;
};

}  // namespace keyshift::proxy
