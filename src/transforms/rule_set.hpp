#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "transforms/migration_file.hpp"

namespace keyshift::transforms {

/// The side of a migration that a name belongs to: the schema it migrates from, or the one it migrates to.
enum class Side : std::uint8_t { from, to };

/// What a key is under a set of rules.
struct Match {
  std::int32_t rule = -1;   ///< index into RuleSet::rules(); -1: out of every rule's scope
  Side side = Side::from;   ///< whose pattern the key fits
};

/// The rules of a migration, compiled: which rule a key belongs to, on which side, and what its other name is.
/// The cost of match() does not grow with the number of rules (bench/key_patterns shows it).
/// Immutable; shared between workers as shared_ptr<const RuleSet>; all calls are const and safe from any thread.
/// match() allocates nothing.
class RuleSet {
 public:
  /// `file` has passed check_migration(), so no two patterns clash.
  explicit RuleSet(const MigrationFile& file);
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  [[nodiscard]] Match match(BytesView key) const noexcept;

  /// Writes into `out` (replaced) the name on the other side of a key that match() has put to `match`.
  void other_name(const Match& match, BytesView key, Bytes& out) const;

  /// True when no key of any rule, on either side, could fit the glob `pattern` (KEYS, SCAN MATCH, PSUBSCRIBE);
  /// false when one could, or when that cannot be told.
  [[nodiscard]] bool glob_excludes(BytesView pattern) const;

  [[nodiscard]] const std::vector<Rule>& rules() const noexcept;
  /// Database of the source; rules hold in this one only.
  [[nodiscard]] int database() const noexcept;
  [[nodiscard]] const Policy& policy() const noexcept;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

/// Reserved keys: everything Keyshift writes for itself.
inline constexpr BytesView kReservedPrefix = "keyshift:";
inline bool reserved(BytesView key) noexcept { return key.substr(0, kReservedPrefix.size()) == kReservedPrefix; }

}  // namespace keyshift::transforms
