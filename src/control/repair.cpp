#include "control/repair.hpp"

#include <algorithm>

#include "control/client_line.hpp"
#include "control/connection_name.hpp"

namespace keyshift::control {
namespace {

using State = ChangeFound::State;

bool fine(const ChangeFound& found) { return found.state == State::fine; }
bool broken(const ChangeFound& found) { return found.state == State::damaged || found.state == State::unknown; }

class Repair {
 public:
  Repair(const RepairFacts& facts, std::uint64_t word) : facts_(facts), key_(facts.nodes.front().key), word_(word) {}

  RepairPlan run() {
    for (const NodeKnowledge& node : facts_.nodes) note(node);
    for (const ChangeFound* half : {&facts_.cur, &facts_.next}) recorded_ = std::max(recorded_, half->id.epoch);
    judge_record();
    judge_keys();
    const Change* base = trusted();
    if (out_.reasons.empty()) {
      const bool settled = base == nullptr || (facts_.cur.id == facts_.next.id && !base->hold);
      out_.kind = settled ? RepairPlan::Kind::nothing : RepairPlan::Kind::finish;
      if (base != nullptr) miss(base->runs);
      return std::move(out_);
    }
    out_.kind = RepairPlan::Kind::write;
    out_.hold = hold_from(base);
    miss(out_.hold.runs);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool no_record() const {
    return facts_.cur.state == State::absent && facts_.next.state == State::absent;
  }
  void note(const NodeKnowledge& node) { known_ = std::max({known_, node.key.id.epoch, node.highest}); }
  void judge_record() {
    if (no_record()) {
      const bool traces = known_ != 0 || !facts_.specs.empty() || facts_.audited || broken(key_);
      if (traces) out_.reasons.emplace_back("the control record is gone (FLUSHALL, an emptied server, a deleted key)");
      return;
    }
    for (const auto& [half, which] : {std::pair(&facts_.cur, "cur"), std::pair(&facts_.next, "next")}) {
      if (broken(*half))
        out_.reasons.push_back("the field " + std::string(which) + " of the control record " + half->what);
      if (half->state == State::absent)
        out_.reasons.push_back("the control record lacks the field " + std::string(which));
    }
  }
  void judge_keys() {
    const std::string primary = facts_.nodes.front().name;
    if (broken(key_)) out_.reasons.push_back("the epoch key of " + primary + " " + key_.what);
    if (no_record()) return;
    if (key_.state == State::absent) out_.reasons.push_back("the epoch key of " + primary + " is gone");
    const bool other =
        fine(key_) && key_.id.epoch >= recorded_ && key_.id != facts_.cur.id && key_.id != facts_.next.id;
    const bool later =
        fine(key_) && fine(facts_.cur) && key_.change->era > facts_.cur.change->era && key_.id != facts_.next.id;
    if (other || later)
      out_.reasons.push_back("the epoch key of " + primary + " shows " + text(key_.id) +
                             ", which the control record does not know: it went back");
    for (const NodeKnowledge& node : facts_.nodes)
      if (std::max(node.highest, node.key.id.epoch) > recorded_ &&
          !(&node == &facts_.nodes.front() && (other || later)))
        out_.reasons.push_back("at " + node.name + " epoch " +
                               std::to_string(std::max(node.highest, node.key.id.epoch)) +
                               " is known, above the record's " + std::to_string(recorded_) + ": it went back");
  }

  /// Whose table of runs counts: the change of the highest era among record, primary's key and, where the primary has
  /// nothing that can be read, the other nodes' keys. A turn that is only `next` counts where `cur` cannot be read.
  [[nodiscard]] const Change* trusted() const {
    const Change* out = nullptr;
    const auto consider = [&out](const ChangeFound& found) {
      if (fine(found) && (out == nullptr || found.change->era > out->era)) out = &*found.change;
    };
    consider(facts_.cur);
    consider(key_);
    if (!fine(facts_.cur)) consider(facts_.next);
    if (out != nullptr) return out;
    for (const NodeKnowledge& node : facts_.nodes) consider(node.key);
    return out;
  }

  [[nodiscard]] Change hold_from(const Change* base) {
    Change out = base == nullptr ? Change{} : *base;
    const std::uint64_t highest = std::max({known_, recorded_, facts_.audited.epoch});
    out_.proven = base != nullptr;
    out.id = {highest + (base == nullptr ? kUnseenEpochs : 1), word_};
    out.prev = base == nullptr ? ChangeId{} : base->id;
    out.hold = out.forced = true;
    if (base == nullptr) out.era = out.id.epoch;
    if (base == nullptr) out.scope = out.id;
    for (RunEntry& run : out.runs) run.wanted = Wanted::nothing;
    return out;
  }

  void miss(const std::vector<RunEntry>& runs) {
    for (const RunEntry& run : runs)
      if (!facts_.specs.contains(run.spec)) out_.missing.push_back(run.name);
  }

  const RepairFacts& facts_;
  const ChangeFound& key_;  ///< of the primary
  std::uint64_t word_;
  std::uint64_t known_ = 0, recorded_ = 0;  ///< highest epochs: at nodes, in the record
  RepairPlan out_;
};

}  // namespace

ChangeFound change_found(const std::optional<Bytes>& bytes) {
  ChangeFound out;
  if (!bytes) return out;
  auto change = read_change(*bytes);
  out.id = read_change_id(*bytes).value_or(ChangeId{});
  if (change) {
    out.state = State::fine;
    out.change = std::move(*change);
    return out;
  }
  const bool later = out.id && !bytes->starts_with("keyshift-change " + std::to_string(kFormat) + "\n");
  out.state = later ? State::unknown : State::damaged;
  constexpr BytesView subject = "the control record ";  // as it is said of the record; it may be a key that is meant
  out.what = change.error().what;
  if (out.what.starts_with(subject)) out.what.erase(0, subject.size());
  return out;
}

void count_names(NodeKnowledge& node, std::string_view clients) {
  for (const ClientFields& client : every_client(clients)) {
    const auto name = connection_name_of(client.name);
    if (!name || !name->id) continue;
    node.highest = std::max(node.highest, name->id.epoch);
    ++node.names[(name->carries == Carries::free ? "free=" : "") + text(name->id)];
  }
}

std::uint64_t highest_epoch_named(std::string_view clients) {
  NodeKnowledge node;
  count_names(node, clients);
  return node.highest;
}

RepairPlan plan_repair(const RepairFacts& facts, std::uint64_t word) { return Repair(facts, word).run(); }

}  // namespace keyshift::control
