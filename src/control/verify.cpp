#include "control/verify.hpp"

#include <algorithm>

#include "migration/reserved_keys.hpp"
#include "resp/encode.hpp"

namespace keyshift::control {
namespace {

using migration::Mode;
using transforms::Side;

constexpr std::size_t kMostSuspects = 10'000;
constexpr std::size_t kAtOnce = 256;

struct Row {
  std::string_view label, meaning;
};
constexpr Row rows[] = {
#define X(id, label, meaning) {label, meaning},
    KEYSHIFT_VERIFY_DIFFERENCES(X)
#undef X
};

/// The part behind "keyshift:quarantine:{<tag>}:<run>:"; empty: another key.
BytesView quarantined_part(BytesView key, BytesView run) {
  Bytes head(transforms::kReservedPrefix);
  head.append(reserved_key_row(migration::ReservedKey::quarantine).kind).append(":{");
  if (!key.starts_with(head)) return {};
  const auto close = key.find("}:", head.size());
  if (close == key.npos) return {};
  key.remove_prefix(close + 2);
  if (!key.starts_with(run) || key.substr(run.size(), 1) != ":") return {};
  return key.substr(run.size() + 1);
}

/// "2:user:7" -> "user:7": losers after the first of a name are numbered.
BytesView without_number(BytesView part) noexcept {
  const auto colon = part.find(':');
  const auto digits = part.find_first_not_of("0123456789");
  return colon != part.npos && colon > 0 && digits == colon ? part.substr(colon + 1) : part;
}

}  // namespace

std::string_view name(DifferenceKind kind) noexcept { return rows[static_cast<std::size_t>(kind)].label; }
std::string_view meaning(DifferenceKind kind) noexcept { return rows[static_cast<std::size_t>(kind)].meaning; }

Verification::Verification(const transforms::RuleSet& rules, VerifyPlan plan)
    : rules_(rules),
      plan_(std::move(plan)),
      wanted_(plan_.mode == Mode::to_new || plan_.mode == Mode::at_new ? Side::to : Side::from) {
  report_.mode = plan_.mode;
  report_.rules.resize(rules.rules().size());
  plan_.sample = std::max<std::uint64_t>(plan_.sample, 1);
}

void Verification::scanned(BytesView key) {
  ++report_.scanned;
  if (transforms::reserved(key)) return count_quarantined(key);
  const transforms::Match match = rules_.match(key);
  if (match.rule < 0) return;
  Question question{Bytes(key), {}, static_cast<std::size_t>(match.rule), match.side != wanted_, true};
  VerifyCounts& counts = report_.rules[question.rule];
  std::uint64_t& number = question.left ? counts.left_behind : counts.in_place;
  if (number++ % plan_.sample != 0 && !question.left) return;
  if (plan_.enough != 0 && counts.checked >= plan_.enough && !question.left) return;
  if (!question.left) ++counts.checked;
  Bytes back;
  rules_.other_name(match, key, question.other);
  const transforms::Match there = rules_.match(question.other);
  question.way_back = there.rule == match.rule && there.side != match.side;
  if (question.way_back) rules_.other_name(there, question.other, back);
  question.way_back = question.way_back && back == key;
  open_.push_back(std::move(question));
}

bool Verification::enough() const noexcept {
  return plan_.enough != 0 && std::all_of(report_.rules.begin(), report_.rules.end(),
                                          [&](const VerifyCounts& counts) { return counts.checked >= plan_.enough; });
}

void Verification::count_quarantined(BytesView key) {
  const BytesView part = quarantined_part(key, plan_.run);
  if (part.empty()) return;
  transforms::Match match = rules_.match(part);
  if (match.rule < 0) match = rules_.match(without_number(part));
  if (match.rule >= 0) ++report_.rules[static_cast<std::size_t>(match.rule)].quarantined;
}

std::size_t Verification::next(Bytes& out) {
  const std::size_t count = std::min(open_.size(), kAtOnce);
  const auto end = open_.end() - static_cast<std::ptrdiff_t>(count);
  asked_.assign(std::make_move_iterator(end), std::make_move_iterator(open_.end()));
  open_.erase(end, open_.end());
  for (const Question& question : asked_) {
    resp::append_command(out, {"TYPE", question.key});
    resp::append_command(out, {"TYPE", question.other});
  }
  return 2 * count;
}

void Verification::take(std::span<const resp::Reply> replies) {
  for (std::size_t i = 0; i < asked_.size() && 2 * i + 1 < replies.size(); ++i)
    judge(asked_[i], replies[2 * i], replies[2 * i + 1]);
  asked_.clear();
}

void Verification::judge(const Question& question, const resp::Reply& type, const resp::Reply& other) {
  const std::string& wanted = rules_.rules()[question.rule].type;
  const bool gone = !type.error() && type.text == "none";
  const bool both = !other.error() && other.text != "none";
  if (gone)
    report_.moving += second_ ? 1 : 0;
  else if (type.error() || other.error())
    found(question, DifferenceKind::unreadable, printable((type.error() ? type : other).text));
  else if (question.left || both)
    found(question, both ? DifferenceKind::both_names : DifferenceKind::left_behind, {});
  else if (!question.way_back)
    found(question, DifferenceKind::no_way_back, "its other name is " + printable(question.other));
  else if (!wanted.empty() && type.text != wanted)
    found(question, DifferenceKind::wrong_type, "it is a " + printable(type.text) + ", the rule says " + wanted);
  else
    report_.moving += second_ ? 1 : 0;
}

void Verification::found(const Question& question, DifferenceKind kind, std::string detail) {
  if (second_) {
    ++report_.stable;
    ++report_.by_kind[static_cast<std::size_t>(kind)];
    if (report_.listed.size() < VerifyReport::kMostListed)
      report_.listed.push_back({kind, question.rule, question.key, std::move(detail)});
    return;
  }
  // A record under both names is met under each of them.
  if (suspected_.contains(question.key) || suspected_.contains(question.other)) return;
  if (suspects_.size() == kMostSuspects) {
    ++report_.unconfirmed;
    return;
  }
  suspected_.insert(question.key);
  suspects_.push_back(question);
}

void Verification::look_again() {
  second_ = true;
  open_ = std::move(suspects_);
  suspects_.clear();
}

}  // namespace keyshift::control
