#include <algorithm>

#include "control/change_rules.hpp"
#include "control/flip.hpp"
#include "control/flip_asking.hpp"

namespace keyshift::control {
namespace {
constexpr int kKeyTries = 4;  // others may set the key at the same time
}

/// `next` is written and not yet current: this or another driver began it; anyone ends it in the same way.
Steps<Flip::Verdict> Flip::finish() {
  const Change cur = record_.cur, next = record_.next;
  // What begins no era out of a hold needs no more than its place: connections read the keys themselves.
  const bool at_once =
      next.hold || (cur.hold && !cur.forced && !begins_era(cur, next)) || request_.naive == FlipNaive::cur_first;
  if (!at_once) {
    const Verdict keys = co_await keys_of_primaries(next);
    if (keys == Verdict::misfit) co_return co_await hold_above();
    if (keys != Verdict::go_on) co_return keys;
    if (cur.hold) {
      const Verdict shown = co_await shown_everywhere(next, now_ + request_.hold_limit);
      if (shown != Verdict::go_on) co_return shown;
    }
  }
  FlipAsk write = record_ask();
  write.cur = next;
  FlipAnswer written = co_await ask(std::move(write));
  if (!written.done) co_return co_await pause(std::move(written.trouble));
  pause_ = {};
  if (cur.hold && !next.hold && hold_id_ == cur.id) outcome_.held = now_ - held_since_;
  FlipAsk tell;
  tell.kind = FlipAsk::Kind::tell;
  tell.words = std::to_string(next.id.epoch);
  co_await ask(std::move(tell));
  co_return Verdict::again;
}

/// In place of `next`: a hold above every epoch found, with the highest era that any server knows, and its table.
Steps<Flip::Verdict> Flip::hold_above() {
  const std::uint64_t era = highest_ && request_.naive != FlipNaive::back_era ? highest_->era : 0;
  Change hold = hold_after(record_.cur, std::max(above_, record_.next.id.epoch), era, words_());
  if (era > record_.cur.era) {
    hold.runs = highest_->runs;
    hold.scope = highest_->scope;
  }
  FlipAsk write = record_ask();
  write.next = hold;
  write.audit = audit_of(hold, "hold above");
  FlipAnswer written = co_await ask(std::move(write));
  if (!written.done) co_return co_await pause(std::move(written.trouble));
  co_return Verdict::again;
}

Steps<Flip::Verdict> Flip::list_nodes() {
  FlipAsk list;
  list.kind = FlipAsk::Kind::nodes;
  FlipAnswer answer = co_await ask(std::move(list));
  if (!answer.trouble.empty()) co_return co_await pause(std::move(answer.trouble));
  nodes_ = std::move(answer.nodes);
  identity_ = std::move(answer.identity);
  co_return Verdict::go_on;
}

void Flip::found(const Change& key) {
  above_ = std::max(above_, key.id.epoch);
  if (!highest_ || key.era > highest_->era) highest_ = key;
}

/// Brings the epoch key of every primary to `change`, where its rule allows.
Steps<Flip::Verdict> Flip::keys_of_primaries(Change change) {
  above_ = 0;
  highest_.reset();
  Verdict all = Verdict::go_on;
  for (const Node& node : nodes_) {
    if (!node.primary) continue;
    const Verdict one = co_await key_of(node.name, change);
    if (one != Verdict::go_on && one != Verdict::misfit) co_return one;
    if (one == Verdict::misfit) all = one;  // the others' keys count, too, for the hold above them
  }
  co_return all;
}

Steps<Flip::Verdict> Flip::key_of(std::string node, const Change& change) {
  for (int tries = 0; tries < kKeyTries; ++tries) {
    FlipAsk read;
    read.kind = FlipAsk::Kind::read_key;
    read.node = node;
    FlipAnswer answer = co_await ask(std::move(read));
    if (!answer.trouble.empty()) co_return co_await pause(node + ": " + answer.trouble);
    if (answer.key) found(*answer.key);
    if (answer.key && answer.key->id == change.id) co_return Verdict::go_on;
    if (!may_replace(answer.key, change, request_.naive)) {
      if (answer.key) co_return Verdict::misfit;
      co_return co_await pause("the epoch key of " + node +
                               " is gone: somebody deleted it. Look with `keyshift repair`");
    }
    FlipAsk write;
    write.kind = FlipAsk::Kind::set_key;
    write.node = node;
    if (answer.key) write.seen_key = answer.key->id;
    write.change = change;
    FlipAnswer written = co_await ask(std::move(write));
    if (!written.trouble.empty()) co_return co_await pause(node + ": " + written.trouble);
  }
  co_return co_await pause("the epoch key of " + node + " changes all the time");
}

/// Every node, replicas too, asked itself, shows `change` in its key. WAIT would count replicas that it does not name.
Steps<Flip::Verdict> Flip::shown_everywhere(Change change, Time until) {
  for (const Node& node : nodes_) {
    if (request_.naive == FlipNaive::unshown && !node.primary) continue;
    for (;;) {
      FlipAsk read;
      read.kind = FlipAsk::Kind::read_key;
      read.node = node.name;
      FlipAnswer answer = co_await ask(std::move(read));
      if (answer.trouble.empty() && answer.key && answer.key->id == change.id) break;
      if (answer.key && answer.key->id.epoch > change.id.epoch) co_return co_await pause({});
      const std::string why = answer.trouble.empty() ? "does not show the change " + text(change.id) : answer.trouble;
      (void)co_await pause(node.name + ": " + why);
      if (now_ >= until) co_return Verdict::again;
    }
    pause_ = {};
  }
  co_return Verdict::go_on;
}

}  // namespace keyshift::control
