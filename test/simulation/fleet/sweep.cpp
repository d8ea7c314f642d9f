// The sweep of a proxy that follows the record, in the steps of driver/sweep_task.cpp.
#include "control/connection_name.hpp"
#include "migration/reserved_name.hpp"
#include "process.hpp"
#include "resp/info_field.hpp"

namespace keyshift::simulation {

using migration::SweepPass;

namespace {

migration::ThrottleLimits no_limits() {
  migration::ThrottleLimits limits;
  limits.keys_per_second = 0;
  limits.server_latency = {};
  limits.replica_lag_bytes = 0;
  limits.aof_fsync = false;
  return limits;
}

migration::ServerLife life_of(const resp::Reply& info) {
  return {std::string(resp::info_field(info.text, "run_id")),
          std::string(resp::info_field(info.text, "master_replid"))};
}

}  // namespace

Sweep::Sweep(Surroundings& around, Bytes name, std::shared_ptr<const control::Serving> serving)
    : StoreTalk(around, std::move(name)),
      serving_(std::move(serving)),
      counts_(serving_->runs.front().rules->rules().size()),
      run_(serving_->runs.front().id, "rules", serving_->runs.front().mode) {}

Steps<Result<std::vector<resp::Reply>>> Sweep::ask_named(Bytes bytes, std::size_t replies) {
  if (!channels_["sweep"] || !channels_["sweep"]->alive()) co_return fail(ErrorCode::store, "not connected");
  co_return co_await ask("sweep", nullptr, std::move(bytes), replies);
}

/// A connection with the name of the change, and behind it the epoch key of that server. False: the fleet has turned.
Steps<bool> Sweep::connect() {
  while (!stopping_) {
    (void)channel("sweep", nullptr, control::text(control::connection_name(*serving_, name_)));
    const auto seen = co_await ask_named(command("GET", migration::epoch_key_name()) + command("INFO"), 2);
    if (!seen) {
      co_await sleep(milliseconds(50));
      continue;
    }
    const resp::Reply& key = seen->front();
    if (!key.textual() || control::read_change_id(key.text) != serving_->change.id) co_return false;
    if (resp::info_field(seen->at(1).text, "role") != "master") {
      channels_["sweep"]->close();
      co_await sleep(milliseconds(50));
      continue;
    }
    life_ = life_of(seen->at(1));
    co_return true;
  }
  co_return false;
}

Steps<bool> Sweep::run() {
  co_await sleep(milliseconds(around_.dice.pick(2) == 0 ? 1 : around_.dice.pick(400)));
  const bool begun = co_await connect();
  if (!begun) co_return false;
  (void)run_.begin(life_, std::nullopt);
  while (!stopping_) {
    const bool going = co_await pass();
    if (!going) break;
    (void)run_.again(life_);
    co_await sleep(milliseconds(clean_ ? 150 : 5));
  }
  if (const auto& channel = channels_["sweep"]) channel->close();
  co_return true;
}

/// From cursor 0 to 0, over as many connections as it takes. False: stopped, or the fleet has turned.
Steps<bool> Sweep::pass() {
  migration::SweepBatch batch;
  batch.scan_count = batch.idle_scan_count = static_cast<std::uint32_t>(around_.dice.once_in(3) ? 2 : 100);
  migration::Throttle throttle(no_limits());
  const control::ServedRun& swept = serving_->runs.front();
  SweepPass pass(swept.rules, swept.mode, swept.id, batch, counts_, 0);
  for (;;) {
    Bytes out;
    std::size_t replies = 0;
    SweepPass::Step step;
    while ((step = pass.next(throttle, around_.now, out)).kind == SweepPass::Step::Kind::send) replies += step.replies;
    if (step.kind == SweepPass::Step::Kind::ended) break;
    if (step.kind == SweepPass::Step::Kind::wait && replies == 0) {
      if (stopping_) co_return false;
      co_await until(step.until);
      continue;
    }
    const auto got = co_await ask_named(std::move(out), replies);
    if (stopping_) co_return false;
    if (!got) {
      pass.connection_lost();
      const bool again = co_await connect();
      if (!again) co_return false;
      pass.go_on_at(run_.reconnected(life_, pass.resume_cursor()));
      continue;
    }
    for (const resp::Reply& reply : *got) {
      Bytes raw;
      resp::append_reply(raw, reply);
      if (!pass.take(raw)) co_return false;
    }
  }
  const auto info = co_await ask_named(command("INFO"), 1);
  clean_ = info && run_.ended(life_of(info->front()), pass.found_any());
  if (!clean_) co_return !stopping_;
  // WAIT covers what was written before the last command of its own connection: a PING goes first.
  const auto waited =
      co_await ask_named(command("PING") + command("INFO") + command("WAIT", "9", "0") + command("INFO"), 4);
  if (!waited) co_return !stopping_;
  const auto replicas = [](const resp::Reply& text) { return resp::info_field(text.text, "connected_slaves"); };
  const bool all = std::to_string(waited->at(2).integer) == replicas(waited->at(1)) &&
                   replicas(waited->at(1)) == replicas(waited->at(3)) && life_of(waited->at(3)) == life_;
  if (all && on_clean) on_clean({serving_->change.era, Bytes(life_.run_id + ":" + life_.master_replid)});
  co_return true;
}

}  // namespace keyshift::simulation
