// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/follower.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "control/change_rules.hpp"
#include "control/spec.hpp"
#include "driver/epoch_key.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::Serving;
namespace {

constexpr Duration kLookEvery = milliseconds(500);
constexpr Duration kLookWhileHeld = milliseconds(20);
constexpr Duration kLookUnsettled = milliseconds(2);  // the entry of the audit comes with `next`, `cur` right behind it
constexpr Duration kRetry = milliseconds(200);
constexpr BytesView kGone =
    "the control record is gone from the store (FLUSHALL, an emptied server, an older backup): keyshift repair";
constexpr const char* kListenMillis = "2000";

Time clock_now() { return std::chrono::steady_clock::now(); }

FleetOptions fleet_options(const FollowerOptions& options) {
  FleetOptions out;
  out.upstream = options.upstream;
  out.name = options.name;
  return out;
}

store::ConnectOptions listen_options(const FollowerOptions& options) {
  store::ConnectOptions out;
  out.name = text(control::ConnectionName{options.name, control::Carries::none, {}});
  out.database = 0;
  return out;
}

std::shared_ptr<Serving> nothing_known() {
  auto out = std::make_shared<Serving>();
  out->carries = control::Carries::free;
  return out;
}

/// Rules that only say what is in scope, for records that must be refused.
std::shared_ptr<const transforms::RuleSet> scope_of(BytesView spec) {
  const auto families = control::read_spec_families(spec);
  if (!families) return nullptr;
  const auto scope = control::scope_only(*families);
  return scope ? std::make_shared<const transforms::RuleSet>(*scope) : nullptr;
}

/// All of the runs' families together; null when one cannot be told.
std::shared_ptr<const transforms::RuleSet> scope_of_all(const ControlState& state) {
  control::SpecFamilies all;
  for (const control::RunEntry& run : state.record->cur.runs) {
    const auto text = state.specs.find(run.spec);
    if (text == state.specs.end()) return nullptr;
    auto families = control::read_spec_families(text->second);
    if (!families || (!all.patterns.empty() && families->database != all.database)) return nullptr;
    all.database = families->database;
    all.patterns.insert(all.patterns.end(), families->patterns.begin(), families->patterns.end());
  }
  const auto scope = control::scope_only(all);
  return scope ? std::make_shared<const transforms::RuleSet>(*scope) : nullptr;
}

}  // namespace

/// Hears of changes: waits for the next entry of the audit.
struct Follower::Listener {
  std::unique_ptr<store::Connection> connection;
  Bytes last = "$";
};

Follower::Follower(asio::any_io_executor executor, FollowerOptions options)
    : executor_(executor),
      options_(std::move(options)),
      store_(executor, fleet_options(options_)),
      timer_(executor),
      listen_timer_(executor),
      listener_(std::make_shared<Listener>()),
      acted_(nothing_known()) {}

Follower::~Follower() = default;

void Follower::stop() {
  stopping_ = true;
  timer_.cancel();
  listen_timer_.cancel();
  if (listener_->connection) listener_->connection->close();
}

void Follower::learn(bool help) {
  asio::post(executor_, [this, help] {
    help_wanted_ = help_wanted_ || help;
    wake();
  });
}

void Follower::wake() {
  woken_ = true;
  timer_.cancel();
}

std::shared_ptr<const Serving> Follower::serving() const {
  const std::lock_guard lock(mutex_);
  return acted_;
}

asio::awaitable<void> Follower::run() {
  options_.turn(acted_);
  asio::co_spawn(executor_, listen(), asio::detached);
  boost::system::error_code ignored;
  while (!stopping_) {
    co_await look();
    if (std::exchange(help_wanted_, false)) co_await help();
    if (stopping_) break;
    timer_.expires_after(pause(clock_now()));
    if (std::exchange(woken_, false)) continue;  // while it looked, so that the look may be of before
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    woken_ = false;
  }
}

/// Until the next look.
Duration Follower::pause(Time now) const {
  if (!known_) return kRetry;
  if (unsettled_since_ && now - *unsettled_since_ < milliseconds(100)) return kLookUnsettled;
  return hold_ || unsettled_since_ ? kLookWhileHeld : kLookEvery;
}

/// An entry appears in the same step as the change that it tells of. A server without the stream is asked again later.
asio::awaitable<void> Follower::listen() {
  const auto self = listener_;  // outlives the follower while it waits
  boost::system::error_code ignored;
  while (!stopping_) {
    if (!self->connection || !self->connection->is_open()) {
      auto opened = co_await store::Connection::open(executor_, options_.upstream, listen_options(options_));
      if (stopping_) co_return;
      if (opened) self->connection = std::move(*opened);
    }
    Result<resp::Reply> heard = fail(ErrorCode::store, "not connected");
    if (self->connection && self->connection->is_open()) {
      std::vector<Bytes> command{"XREAD", "BLOCK",   kListenMillis,           "COUNT",
                                 "100",   "STREAMS", migration::audit_name(), self->last};
      heard = co_await self->connection->ask(std::move(command));
    }
    if (stopping_) co_return;
    const bool entries = heard && heard->aggregate() && heard->elements.size() == 1 &&
                         heard->elements[0].elements.size() == 2 && !heard->elements[0].elements[1].elements.empty();
    if (entries) {
      self->last = heard->elements[0].elements[1].elements.back().elements.at(0).text;
      wake();
    } else if (!heard || heard->error()) {
      listen_timer_.expires_after(kLookEvery);
      co_await listen_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }
}

asio::awaitable<void> Follower::look() {
  const auto state = co_await read_control(store_);
  if (stopping_) co_return;
  if (!state && state.error().code != ErrorCode::control) {
    // Whoever cannot ask goes on with what it has: new connections are told by their server's epoch key.
    tell(state.error().what);
    co_return;
  }
  known_ = true;
  const bool unsettled = state && state->record && !state->record->settled();
  if (!unsettled) unsettled_since_.reset();
  if (unsettled && !unsettled_since_) unsettled_since_ = clock_now();
  const bool gone = state && !state->record;
  if (gone && !acted_->change.id) {
    tell("");
    co_return;
  }
  if (!state || gone) {
    std::string why(gone ? kGone : BytesView(state.error().what));
    auto refusing = co_await without_record(std::move(why));
    act_on(std::move(refusing));
    co_return;
  }
  const control::Change& cur = state->record->cur;
  const bool behind = cur.id.epoch < acted_->change.id.epoch;
  if (behind) {  // a failover lost what was known here: nobody acts on it
    tell("the control record went back from epoch " + std::to_string(acted_->change.id.epoch) + " to " +
         std::to_string(cur.id.epoch) + ": the next change goes above both");
    co_return;
  }
  act_on(serving_of(*state));
  if (!cur.hold) {
    hold_.reset();
  } else if (!hold_ || hold_->id != cur.id) {
    hold_ = cur;
    hold_seen_ = clock_now();
  }
  if (hold_) co_await end_old_hold(clock_now());
}

/// A hold that whoever began it does not end: anybody may, without a look (docs/protocol.md, "A hold cannot get
/// stuck").
asio::awaitable<void> Follower::end_old_hold(Time now) {
  const Duration limit = acted_->migration ? acted_->migration->hold_limit : std::chrono::milliseconds(2000);
  if (hold_->forced || now - hold_seen_ < limit) co_return;
  control::ChangeRequest request;
  request.audit = {{"who", "proxy " + options_.name}, {"what", "end of a hold"}};
  request.hold_limit = limit;
  request.patience = seconds(2);
  (void)co_await carry(store_, std::move(request));
}

asio::awaitable<void> Follower::help() {
  const auto acted = acted_;
  const auto primary = co_await store_.primary();
  if (primary && acted->change.id) (void)co_await help_epoch_key(**primary, acted->change);
}

std::shared_ptr<const Serving> Follower::serving_of(const ControlState& state) {
  auto out = std::make_shared<Serving>();
  out->change = state.record->cur;
  out->records = out->change.hold ? Serving::Records::hold : Serving::Records::serve;
  if (out->change.runs.empty()) return out;
  const auto refuse = [&](std::string why) {
    out->records = Serving::Records::refuse;
    out->reason = std::move(why);
  };
  if (out->change.runs.size() > 1) {
    out->rules = scope_of_all(state);
    refuse("several runs are at this store, and this version serves one");
    return out;
  }
  const control::RunEntry& run = out->change.runs.front();
  out->mode = control::mode_of(run.phase);
  out->run = run.id;
  out->spec = run.spec;
  const auto text = state.specs.find(run.spec);
  if (text == state.specs.end()) {
    if (const auto known = rules_.find(run.spec); known != rules_.end()) out->rules = known->second;
    refuse("the rules of the run " + run.name + " are missing at the store");
    return out;
  }
  auto spec = control::read_spec(text->second);
  if (!spec) {
    out->rules = scope_of(text->second);
    refuse(spec.error().what);
    return out;
  }
  auto& rules = rules_[run.spec];
  if (!rules) rules = std::make_shared<const transforms::RuleSet>(*spec);
  out->rules = rules;
  out->migration = std::make_shared<const transforms::MigrationFile>(std::move(*spec));
  return out;
}

/// The record is gone, or not understood: what is known to be in scope is refused, the rest goes on.
asio::awaitable<std::shared_ptr<const Serving>> Follower::without_record(std::string why) {
  auto out = std::make_shared<Serving>(*acted_);
  if (!out->rules) {
    const auto primary = co_await store_.primary();
    if (primary) out->rules = co_await scope_of_found_specs(**primary);
  }
  out->records = Serving::Records::refuse;
  out->carries = control::Carries::free;
  out->reason = std::move(why);
  co_return out;
}

void Follower::act_on(std::shared_ptr<const Serving> serving) {
  tell(serving->reason);
  const bool same = serving->change.id == acted_->change.id && serving->records == acted_->records &&
                    serving->carries == acted_->carries && serving->reason == acted_->reason;
  if (same) return;
  {
    const std::lock_guard lock(mutex_);
    acted_ = serving;
  }
  options_.turn(std::move(serving));
}

void Follower::tell(const std::string& trouble) {
  if (trouble == told_) return;
  told_ = trouble;
  if (!trouble.empty() && options_.trouble) options_.trouble(trouble);
}

}  // namespace keyshift::driver
