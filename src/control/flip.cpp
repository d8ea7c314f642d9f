#include "control/flip.hpp"

#include <algorithm>

#include "control/change_rules.hpp"
#include "control/flip_asking.hpp"
#include "control/phases.hpp"
#include "control/repair.hpp"

namespace keyshift::control {
namespace {

constexpr Duration kShortestPause = milliseconds(1);
constexpr Duration kLongestPause = milliseconds(100);
/// A hold that others end again and again is not fought for.
constexpr int kAttempts = 3;

bool same_table(const Change& a, const Change& b) { return a.runs == b.runs && a.scope == b.scope; }

}  // namespace

Flip::Flip(ChangeRequest request, std::function<std::uint64_t()> words)
    : request_(std::move(request)), words_(std::move(words)) {}

const FlipAsk& Flip::begin(Time now) {
  now_ = began_ = now;
  steps_.emplace(run());
  steps_->start();
  return ask_;
}

const FlipAsk& Flip::resume(FlipAnswer answer, Time now) {
  now_ = now;
  answer_ = std::move(answer);
  if (!steps_->done()) waiting_.resume();
  return ask_;
}

Flip::Asking Flip::ask(FlipAsk what) {
  ask_ = std::move(what);
  return Asking{*this};
}

Steps<bool> Flip::run() {
  Verdict verdict = Verdict::again;
  while (verdict != Verdict::end) {
    if (now_ - began_ >= request_.patience) {
      out_of_patience();
      break;
    }
    verdict = co_await round();
  }
  ask_ = FlipAsk{};
  co_return true;
}

void Flip::out_of_patience() {
  const bool begun = mine_.has_value() || (seen_record_ && !record_.settled());
  (void)ended(begun ? ChangeOutcome::End::under_way : ChangeOutcome::End::refused,
              trouble_.empty() ? "others change the control record all the time" : trouble_);
  if (!called_off_.empty()) (void)ended(ChangeOutcome::End::called_off, called_off_);
}

Flip::Verdict Flip::ended(ChangeOutcome::End end, std::string reason) {
  outcome_.end = end;
  outcome_.reason = std::move(reason);
  return Verdict::end;
}

/// Something could not be asked, or was not as it should be: a moment later perhaps.
Steps<Flip::Verdict> Flip::pause(std::string trouble) {
  if (!trouble.empty()) trouble_ = std::move(trouble);
  pause_ = std::clamp(2 * pause_, kShortestPause, kLongestPause);
  FlipAsk wait;
  wait.kind = FlipAsk::Kind::wait;
  wait.limit = pause_;
  co_await ask(std::move(wait));
  co_return Verdict::again;
}

Steps<Flip::Verdict> Flip::round() {
  FlipAsk read;
  read.kind = FlipAsk::Kind::read_record;
  FlipAnswer answer = co_await ask(std::move(read));
  if (!answer.trouble.empty()) co_return co_await pause(std::move(answer.trouble));
  if (!answer.record) co_return co_await first_record();
  record_ = std::move(*answer.record);
  seen_record_ = true;
  outcome_.cur = record_.cur;
  const Verdict listed = co_await list_nodes();
  if (listed != Verdict::go_on) co_return listed;
  if (!record_.settled()) co_return co_await finish();
  if (record_.cur.hold) co_return co_await carry_hold();
  co_return co_await begin_change();
}

/// There is no record. Only where no server has ever known one may the first be written.
Steps<Flip::Verdict> Flip::first_record() {
  if (seen_record_) co_return ended(ChangeOutcome::End::refused, "the control record vanished meanwhile");
  if (!request_.edit || !request_.create)
    co_return ended(ChangeOutcome::End::refused, "there is no control record at this store: nothing was applied yet");
  const Verdict listed = co_await list_nodes();
  if (listed != Verdict::go_on) co_return listed;
  for (const Node& node : nodes_) {
    const Verdict never = co_await never_knew(node.name);
    if (never != Verdict::go_on) co_return never;
  }
  FlipAsk write = record_ask();
  write.seen_cur = write.seen_next = {};
  write.cur = write.next = first_change(words_());
  write.audit = audit_of(*write.next, "first");
  FlipAnswer written = co_await ask(std::move(write));
  if (!written.done) co_return co_await pause(std::move(written.trouble));
  co_return Verdict::again;
}

/// No epoch key lies there, and no proxy that is connected has ever acted on a change.
Steps<Flip::Verdict> Flip::never_knew(std::string node) {
  FlipAsk read;
  read.kind = FlipAsk::Kind::read_key;
  read.node = node;
  FlipAnswer key = co_await ask(std::move(read));
  if (!key.trouble.empty()) co_return co_await pause(std::move(key.trouble));
  if (key.key)
    co_return ended(ChangeOutcome::End::refused,
                    node + " has an epoch key (" + text(key.key->id) +
                        ") and there is no control record: it was lost. Look with `keyshift repair`");
  FlipAsk look;
  look.kind = FlipAsk::Kind::look;
  look.node = node;
  FlipAnswer seen = co_await ask(std::move(look));
  if (!seen.trouble.empty()) co_return co_await pause(node + ": " + seen.trouble);
  if (const std::uint64_t epoch = highest_epoch_named(seen.clients); epoch != 0)
    co_return ended(ChangeOutcome::End::refused,
                    "proxies at " + node + " know epoch " + std::to_string(epoch) +
                        " and there is no control record: it was lost. Look with `keyshift repair`");
  co_return Verdict::go_on;
}

/// Nothing is under way: the keys are brought into step, then what is asked for is begun.
Steps<Flip::Verdict> Flip::begin_change() {
  const Verdict keys = co_await keys_of_primaries(record_.cur);
  if (keys != Verdict::go_on && keys != Verdict::misfit) co_return keys;
  const bool went_back = request_.known_epoch > record_.cur.id.epoch;
  if (went_back) above_ = std::max(above_, request_.known_epoch);
  if (keys == Verdict::misfit || went_back) co_return co_await hold_above();
  const bool through = mine_ && (mine_->hold ? record_.cur.prev == mine_->id : record_.cur.id == mine_->id) &&
                       record_.cur.runs == fulfilled(*mine_).runs && (!request_.hold || looked_);
  if (through || !request_.edit) co_return co_await end_request();
  if (!called_off_.empty()) co_return ended(ChangeOutcome::End::called_off, called_off_);

  const Change& cur = record_.cur;
  const ChangeId by{std::max(cur.id.epoch, above_) + 1, words_()};
  auto edited = request_.edit(cur, by);
  if (!edited) co_return ended(ChangeOutcome::End::refused, edited.error().what);
  const bool same = same_table(*edited, cur);
  if (same && (!request_.hold || looked_)) co_return co_await end_request();
  if (++attempts_ > kAttempts)
    co_return ended(ChangeOutcome::End::called_off, "others ended the hold each time before it was through");
  const Fulfilled after = fulfilled(*edited);
  if (request_.hold || after.hold || edited->scope != cur.scope || by.epoch != cur.id.epoch + 1) {
    Change hold = hold_after(cur, above_, cur.era, by.word);
    hold.runs = edited->runs;
    hold.scope = edited->scope;
    co_return co_await begin_hold(std::move(hold));
  }
  Change plain = change_without_hold(cur, by.word);
  plain.runs = after.runs;
  FlipAsk write = record_ask();
  write.next = plain;
  write.audit = audit_of(plain, "serve");
  FlipAnswer written = co_await ask(std::move(write));
  if (!written.done) co_return co_await pause(std::move(written.trouble));
  mine_ = std::move(plain);
  co_return Verdict::again;
}

/// A hold is begun only when every node has just answered and has shown what was written at its primary.
Steps<Flip::Verdict> Flip::begin_hold(Change hold) {
  for (const Node& node : nodes_)
    if (!node.trouble.empty())
      co_return ended(ChangeOutcome::End::refused, node.name + ": " + node.trouble + ". Nothing was begun");
  FlipAsk wish;
  wish.kind = FlipAsk::Kind::tell;
  wish.words = "wanted";
  co_await ask(std::move(wish));
  FlipAsk probe;
  probe.kind = FlipAsk::Kind::probe;
  probe.limit = request_.hold_limit / 2;
  FlipAnswer probed = co_await ask(std::move(probe));
  if (!probed.trouble.empty()) co_return ended(ChangeOutcome::End::refused, probed.trouble + ". Nothing was begun");
  FlipAsk write = record_ask();
  write.next = hold;
  write.heed_backup = request_.heed_backup;
  write.audit = audit_of(hold, "hold");
  FlipAnswer written = co_await ask(std::move(write));
  if (!written.done && !written.trouble.empty()) --attempts_;  // nobody ended it: it was not begun
  if (!written.done) co_return co_await pause(std::move(written.trouble));
  mine_ = std::move(hold);
  co_return Verdict::again;
}

/// The record has what was asked for. Whoever finished it: after a hold every node shows the serve.
Steps<Flip::Verdict> Flip::end_request() {
  if (mine_ && mine_->hold) {
    const Verdict shown = co_await shown_everywhere(record_.cur, now_ + request_.hold_limit);
    if (shown != Verdict::go_on) co_return shown;
  }
  co_return ended(mine_ ? ChangeOutcome::End::done : ChangeOutcome::End::already);
}

FlipAsk Flip::record_ask() const {
  FlipAsk out;
  out.kind = FlipAsk::Kind::set_record;
  out.seen_cur = record_.cur.id;
  out.seen_next = record_.next.id;
  return out;
}

std::vector<std::pair<Bytes, Bytes>> Flip::audit_of(const Change& change, Bytes turn) const {
  auto out = request_.audit;
  out.emplace_back("change", text(change.id));
  out.emplace_back("turn", std::move(turn));
  return out;
}

}  // namespace keyshift::control
