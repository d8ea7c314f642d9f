#include "control/phases.hpp"
#include "migration/reserved_name.hpp"
#include "process.hpp"

namespace keyshift::simulation {

std::shared_ptr<const control::Serving> serving_of(const control::Change& change,
                                                   const std::shared_ptr<const transforms::RuleSet>& rules) {
  using Records = control::Serving::Records;
  auto out = std::make_shared<control::Serving>();
  out->change = change;
  out->records = change.hold ? Records::hold : Records::serve;
  if (change.runs.empty()) return out;
  control::ServedRun run;
  run.mode = control::mode_of(change.runs.front().phase);
  run.id = change.runs.front().id;
  run.name = change.runs.front().name;
  run.spec = change.runs.front().spec;
  run.rules = rules;
  out->runs.push_back(std::move(run));
  control::lay_out(*out);
  return out;
}

Reader::Reader(Surroundings& around, Bytes name, std::shared_ptr<const transforms::RuleSet> rules, Duration hold_limit)
    : StoreTalk(around, std::move(name)), rules_(std::move(rules)), hold_limit_(hold_limit) {}

Steps<bool> Reader::run() {
  for (;;) {
    look_again_ = false;
    listen();
    co_await look();
    if (std::exchange(help_wanted_, false) && acted_.id) {
      const auto helped = co_await help(acted_);
      if (helped && following_.help_in_vain(*helped)) settle(0);
    }
    const Duration pause = following_.restless() ? milliseconds(20) : milliseconds(500);
    co_await until(around_.now + pause, [this] {
      if (listener_ && listener_->waiting() > 0) look_again_ = true;
      while (listener_ && listener_->waiting() > 0) (void)listener_->take();
      return look_again_;
    });
  }
}

Steps<bool> Reader::look() {
  const auto found = co_await read_record();
  if (!found || !*found) co_return false;
  const control::ControlRecord record = **found;
  if (!control::Following::went_back(record.cur.id, acted_.id) && record.cur.id != acted_.id) {
    following_.acts_anew();
    acted_ = record.cur;
    turn(serving_of(acted_, rules_));
  }
  if (const auto above = following_.watch(record, acted_.id, hold_limit_, around_.now)) settle(*above);
  co_return true;
}

void Reader::settle(std::uint64_t above) {
  control::ChangeRequest request;
  request.hold_limit = hold_limit_;
  request.known_epoch = above;
  request.naive = naive;
  settling_ = std::make_unique<Driver>(around_, name_, std::move(request));
  settling_->on_change = on_change;
  settling_->start();
}

void Reader::settled() {
  settling_.reset();
  following_.settled();
}

/// Only for speed: what it misses is seen at the next look.
void Reader::listen() {
  if (listener_ && listener_->alive()) return;
  listener_ = std::make_unique<Channel>(around_, nullptr, "keyshift:" + name_ + ":none");
  listener_->send(command("SUBSCRIBE", migration::control_channel_name()));
}

}  // namespace keyshift::simulation
