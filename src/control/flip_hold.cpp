#include <algorithm>

#include "control/flip.hpp"
#include "control/flip_asking.hpp"
#include "control/phases.hpp"

namespace keyshift::control {
namespace {

constexpr Duration kBetweenLooks = milliseconds(2);
/// While names still arrive, the grace lasts this much longer than the last one that came.
constexpr Duration kArriving = milliseconds(40);
/// A client without a name that is this old did not just connect to take one.
constexpr std::uint64_t kSettledSeconds = 1;

std::string in_words(const std::vector<BypassClient>& foreign) {
  std::string out = std::to_string(foreign.size()) + " clients talk to Redis past the proxies: ";
  for (std::size_t i = 0; i < foreign.size() && i < 5; ++i) out += (i == 0 ? "" : "; ") + text(foreign[i]);
  return out + ". End them, let them go through a proxy, or allow them (bypass.allow)";
}

}  // namespace

/// `cur` is a hold, of whomever: look at every connection of every node, then serve what the hold is for.
Steps<Flip::Verdict> Flip::carry_hold() {
  const Change hold = record_.cur;
  if (hold_id_ != hold.id) {
    hold_id_ = hold.id;
    held_since_ = now_;
    grace_until_.reset();
  }
  const bool overdue = now_ - held_since_ >= request_.hold_limit;
  const bool may_end = !hold.forced || request_.naive == FlipNaive::end_forced;
  if (may_end && overdue) co_return co_await call_off("the hold took too long: " + trouble_);
  const Verdict keys = co_await keys_of_primaries(hold);
  if (keys == Verdict::misfit) co_return co_await hold_above();
  if (keys != Verdict::go_on) co_return keys;
  if (!request_.edit && may_end) co_return co_await call_off("the hold was not ended by who began it");
  const Verdict shown = co_await shown_everywhere(hold, held_since_ + request_.hold_limit / 2);
  if (shown != Verdict::go_on) {
    const bool late = now_ - held_since_ >= request_.hold_limit / 2;
    if (late && may_end) co_return co_await call_off(trouble_);
    co_return shown;
  }
  const Verdict looked = co_await look_everywhere(hold);
  if (looked == Verdict::misfit) co_return co_await hold_above();
  if (looked != Verdict::go_on) co_return looked;
  // A server that failed over meanwhile, or a node that came: what was looked at is not what is there.
  const auto nodes = nodes_;
  const auto identity = identity_;
  const Verdict listed = co_await list_nodes();
  if (listed != Verdict::go_on) co_return listed;
  const bool moved = nodes != nodes_ || identity != identity_;
  if (moved && request_.naive != FlipNaive::stale_look)
    co_return co_await pause("the list of nodes changed during the look");
  FlipAsk write = record_ask();
  if (request_.naive != FlipNaive::stale_look) write.identity = identity;
  write.next = serve_after_hold(hold, words_(), hold.forced);
  write.audit = audit_of(*write.next, "serve");
  FlipAnswer written = co_await ask(std::move(write));
  if (!written.done) co_return co_await pause(std::move(written.trouble));
  looked_ = mine_ && mine_->id == hold.id;
  co_return Verdict::again;
}

/// Until every connection carries the hold, or the grace is over and the late ones are killed. Connections that open
/// behind the look read the epoch key behind their name, which shows the hold: they need no look.
Steps<Flip::Verdict> Flip::look_everywhere(const Change& hold) {
  for (;;) {
    const Verdict looked = co_await look_once(hold);
    if (looked != Verdict::go_on) co_return looked;
    std::size_t late = 0;
    for (const auto& [node, ids] : late_) late += ids.size();
    if (late == 0 && outcome_.foreign.empty()) co_return Verdict::go_on;
    const bool settled = std::any_of(outcome_.foreign.begin(), outcome_.foreign.end(),
                                     [](const BypassClient& client) { return client.age >= kSettledSeconds; });
    if (settled && request_.bypass.policy == BypassPolicy::abort && !hold.forced)
      co_return co_await call_off(in_words(outcome_.foreign));
    if (!grace_until_) {
      grace_until_ = now_ + request_.grace;
    } else if (late < late_before_) {
      const Time longest = held_since_ + request_.hold_limit * 3 / 4;
      grace_until_ = std::min(std::max(*grace_until_, now_ + kArriving), std::max(longest, *grace_until_));
    }
    late_before_ = late;
    if (now_ >= *grace_until_) break;
    FlipAsk wait;
    wait.kind = FlipAsk::Kind::wait;
    wait.limit = kBetweenLooks;
    co_await ask(std::move(wait));
  }
  // A forced hold has no way back, and its serve turns nobody: who bypasses the proxies does not keep it up.
  if (!outcome_.foreign.empty() && request_.bypass.policy != BypassPolicy::kill && !hold.forced)
    co_return co_await call_off(in_words(outcome_.foreign));
  co_return co_await kill_late();
}

Steps<Flip::Verdict> Flip::look_once(const Change& hold) {
  late_.clear();
  outcome_.foreign.clear();
  for (const Node& node : nodes_) {
    if (request_.naive == FlipNaive::away && !node.primary) continue;
    FlipAsk look;
    look.kind = FlipAsk::Kind::look;
    look.node = node.name;
    FlipAnswer answer = co_await ask(std::move(look));
    if (!answer.trouble.empty()) co_return co_await pause(node.name + ": " + answer.trouble);
    Look found = look_at(answer.clients, hold, request_.bypass.allow, request_.naive);
    if (found.highest_epoch > hold.id.epoch) {
      // Somebody acted on a change that the record has lost, or the record went on without us.
      above_ = std::max(above_, found.highest_epoch);
      co_return Verdict::misfit;
    }
    late_.emplace_back(node.name, std::move(found.late));
    outcome_.foreign.insert(outcome_.foreign.end(), found.foreign.begin(), found.foreign.end());
    if (request_.bypass.policy != BypassPolicy::kill) continue;
    for (const BypassClient& client : found.foreign) late_.back().second.push_back(client.id);
  }
  co_return Verdict::go_on;
}

/// Nothing that was queued on a killed connection runs behind the reply.
Steps<Flip::Verdict> Flip::kill_late() {
  const auto late = std::move(late_);
  if (request_.naive == FlipNaive::no_kill) co_return Verdict::go_on;
  for (const auto& [node, ids] : late) {
    if (ids.empty()) continue;
    FlipAsk kill;
    kill.kind = FlipAsk::Kind::kill;
    kill.node = node;
    kill.ids = ids;
    FlipAnswer answer = co_await ask(std::move(kill));
    if (!answer.trouble.empty()) co_return co_await pause(node + ": " + answer.trouble);
    outcome_.killed += ids.size();
  }
  co_return Verdict::go_on;
}

/// Ends the hold in the same era: nothing was turned, so nothing need be looked at. A run that the hold would have
/// added goes again, and another scope begins: names with the hold's own would vouch for a run that they never heard
/// of, should a failover lose this end and keep the hold (docs/models.md, "A scope is one table").
Steps<Flip::Verdict> Flip::call_off(std::string reason) {
  const Change hold = record_.cur;
  // The serve replaces no key but one that shows the hold.
  if (co_await keys_of_primaries(hold) == Verdict::misfit) co_return co_await hold_above();
  FlipAsk write = record_ask();
  write.next = serve_after_hold(hold, words_(), true);
  if (std::erase_if(write.next->runs, [&](const RunEntry& run) { return run.since == hold.id; }) > 0)
    write.next->scope = write.next->id;
  write.audit = audit_of(*write.next, "called off: " + reason);
  FlipAnswer written = co_await ask(std::move(write));
  if (!written.done) co_return co_await pause(std::move(written.trouble));
  if (mine_ && mine_->id == hold.id) called_off_ = std::move(reason);
  co_return Verdict::again;
}

}  // namespace keyshift::control
