#pragma once
#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "migration/mode.hpp"
#include "resp/reply.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::control {

/// What can be wrong with a record: the one list, for reports and docs.
#define KEYSHIFT_VERIFY_DIFFERENCES(X)                                                                          \
  X(left_behind, "left-behind", "the record still lies under the name that the mode leaves")                    \
  X(both_names, "both-names", "the record lies under both names; policy.conflict settles it at the next touch") \
  X(wrong_type, "wrong-type", "the record's type is not the one that the rule names")                           \
  X(no_way_back, "no-way-back", "the other name of the record does not lead back to it")                        \
  X(unreadable, "unreadable", "the server refuses to say what lies there")

enum class DifferenceKind : std::uint8_t {
#define X(id, label, meaning) id,
  KEYSHIFT_VERIFY_DIFFERENCES(X)
#undef X
};
#define X(id, label, meaning) +1
inline constexpr std::size_t kDifferenceKinds = 0 KEYSHIFT_VERIFY_DIFFERENCES(X);
#undef X
std::string_view name(DifferenceKind kind) noexcept;
std::string_view meaning(DifferenceKind kind) noexcept;

struct Difference {
  DifferenceKind kind = DifferenceKind::left_behind;
  std::size_t rule = 0;  ///< index into RuleSet::rules()
  Bytes key;
  std::string detail;  ///< for people; may be empty
};

/// Of one rule. SCAN may show a key twice while the server's table grows: counts are exact on a quiet server.
struct VerifyCounts {
  std::uint64_t in_place = 0;     ///< under the name that the mode wants
  std::uint64_t left_behind = 0;  ///< under the other one, at the first look
  std::uint64_t checked = 0;      ///< of those in place: read and taken there and back
  std::uint64_t quarantined = 0;  ///< losers of conflicts of this run, kept aside
};

struct VerifyReport {
  migration::Mode mode = migration::Mode::to_new;
  Bytes server;  ///< run_id and master_replid, joined by '/'; set by who asks the server
  std::uint64_t scanned = 0;
  std::vector<VerifyCounts> rules;  ///< in the order of the rules
  std::uint64_t moving = 0;         ///< differences of the first look that the second one did not find
  std::uint64_t unconfirmed = 0;    ///< found at the first look, and too many to be looked at again
  std::uint64_t stable = 0;         ///< found by both looks
  std::array<std::uint64_t, kDifferenceKinds> by_kind{};  ///< the stable ones, by kind
  std::vector<Difference> listed;                         ///< the first kMostListed of the stable ones
  static constexpr std::size_t kMostListed = 1000;
  [[nodiscard]] bool clean() const noexcept { return stable == 0 && unconfirmed == 0; }
};

struct VerifyPlan {
  migration::Mode mode = migration::Mode::to_new;
  Bytes run;                 ///< whose quarantine is counted
  std::uint64_t sample = 1;  ///< of the records in place, one in so many is checked; 1: each
  std::uint64_t enough = 0;  ///< no more than so many of each rule are checked; 0: all
};

/// Compares the keys of a database with what `mode` wants, in two looks, so that what only moves is no difference:
/// scanned() for every key of a whole SCAN, next() and take() after each page; then, a moment later, look_again() and
/// once more next() and take() until next() gives nothing. Stores nothing, neither here nor at the server.
class Verification {
 public:
  /// `rules` outlives it.
  Verification(const transforms::RuleSet& rules, VerifyPlan plan);

  void scanned(BytesView key);
  /// True once plan.enough of every rule were checked: the scan may end here.
  [[nodiscard]] bool enough() const noexcept;
  /// Appends questions about at most a few hundred keys; returns how many replies they get, 0: none is open.
  std::size_t next(Bytes& out);
  /// The replies to what next() gave.
  void take(std::span<const resp::Reply> replies);

  [[nodiscard]] std::size_t suspects() const noexcept { return suspects_.size(); }
  void look_again();
  /// Complete after the second look.
  [[nodiscard]] const VerifyReport& report() const noexcept { return report_; }

 private:
  struct Question {
    Bytes key, other;
    std::size_t rule;
    bool left;      ///< under the name that the mode leaves
    bool way_back;  ///< the names lead to each other
  };
  void count_quarantined(BytesView key);
  void judge(const Question& question, const resp::Reply& type, const resp::Reply& other);
  void found(const Question& question, DifferenceKind kind, std::string detail);

  const transforms::RuleSet& rules_;
  VerifyPlan plan_;
  transforms::Side wanted_;
  VerifyReport report_;
  std::vector<Question> open_, asked_, suspects_;
  std::set<Bytes> suspected_;
  bool second_ = false;
};

}  // namespace keyshift::control
