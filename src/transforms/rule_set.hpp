#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "transforms/migration_file.hpp"
#include "transforms/side.hpp"

namespace keyshift::transforms {

/// What a key is under a set of rules.
struct Match {
  std::int32_t rule = -1;  ///< index into RuleSet::rules(); -1: out of every rule's scope
  Side side = Side::from;  ///< whose pattern the key fits
};

/// A capture of a key. The views live as long as the RuleSet and the key.
struct Captured {
  std::string_view name;
  BytesView value;
};

/// The rules of a migration, compiled: which rule a key belongs to, on which side, and what its other name is.
/// For every key that match() puts to a rule, other_name() gives a key that it puts to the same rule and the other
/// side, and whose other name is the first key again (rule_automata.hpp says why).
/// The cost of match() does not grow with the number of rules (bench/key_patterns shows it).
/// Immutable; shared between workers as shared_ptr<const RuleSet>; all calls are const and safe from any thread.
/// match() allocates nothing.
class RuleSet {
 public:
  /// The rules of `file` are sound: find_rule_problems() has nothing to say, as for every file that read_migration()
  /// accepts. Aborts otherwise.
  explicit RuleSet(const MigrationFile& file);
  /// The same of rules that are sound together, wherever they come from.
  RuleSet(std::vector<Rule> rules, const Policy& policy, int database);
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  [[nodiscard]] Match match(BytesView key) const noexcept;

  /// Writes into `out` (replaced) the name on the other side of a key that match() has put to `match`.
  /// Allocates nothing when `out` has room, but for patterns whose captures cannot be found by searching (KeyCutter).
  void other_name(const Match& match, BytesView key, Bytes& out) const;

  /// The captures of a key that match() has put to `match`, in the order of that side's pattern.
  [[nodiscard]] std::vector<Captured> captures(const Match& match, BytesView key) const;

  /// True when no key of any rule, on either side, could fit the glob `pattern` (KEYS, SCAN MATCH, PSUBSCRIBE);
  /// false when one could, or when telling would take too long. Bounded: about a million steps.
  [[nodiscard]] bool glob_excludes(BytesView pattern) const;

  [[nodiscard]] const std::vector<Rule>& rules() const noexcept;
  /// Database of the source; rules hold in this one only.
  [[nodiscard]] int database() const noexcept;
  [[nodiscard]] const Policy& policy() const noexcept;
  /// Bytes that match() looks things up in.
  [[nodiscard]] std::size_t table_memory() const noexcept;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

/// Reserved keys: everything Keyshift writes for itself.
inline constexpr BytesView kReservedPrefix = "keyshift:";
inline bool reserved(BytesView key) noexcept {
  // Of constant length: no call. Every key of every command and every page comes here.
  return key.size() >= kReservedPrefix.size() &&
         std::memcmp(key.data(), kReservedPrefix.data(), kReservedPrefix.size()) == 0;
}

}  // namespace keyshift::transforms
