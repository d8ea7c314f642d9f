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
constexpr Duration kLookIdle = seconds(64);
constexpr Duration kLookWhileHeld = milliseconds(20);
constexpr Duration kRetry = milliseconds(200);
constexpr Duration kReportEvery = seconds(5);
constexpr BytesView kGone =
    "the control record is gone from the store (FLUSHALL, an emptied server, an older backup): keyshift repair";
/// A subscription that hears nothing for so long is made anew: its server may be gone without a word.
constexpr Duration kSilence = seconds(600);
constexpr std::size_t kMessages = std::size_t{1} << 40;  // each counts as a reply to SUBSCRIBE

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
  out.request_limit = kSilence;
  return out;
}

std::shared_ptr<Serving> nothing_known() {
  auto out = std::make_shared<Serving>();
  out->carries = control::Carries::free;
  return out;
}

}  // namespace

/// Hears of changes: the subscription, which never carries a key.
struct Follower::Listener {
  std::unique_ptr<store::Connection> connection;
};

Follower::Follower(asio::any_io_executor executor, FollowerOptions options)
    : executor_(executor),
      options_(std::move(options)),
      store_(executor, fleet_options(options_)),
      settling_store_(executor, fleet_options(options_)),
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
    look_again_ = true;  // the look that is under way may be of before
    timer_.cancel();
  });
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
    look_again_ = false;
    co_await look();
    if (std::exchange(help_wanted_, false)) co_await help();
    if (!stopping_) co_await leave_report();
    if (stopping_) break;
    if (help_wanted_ || look_again_) continue;
    timer_.expires_after(pause());
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

/// Until the next look.
Duration Follower::pause() {
  if (!known_) return kRetry;
  if (following_.restless() || clock_now() < quick_until_) return kLookWhileHeld;
  const bool idle = listening_ && options_.busy && !options_.busy();
  idle_pause_ = idle ? std::min(8 * std::max(idle_pause_, kLookEvery), kLookIdle) : kLookEvery;
  return idle_pause_;
}

/// Only for speed: what it misses is seen at the next look.
asio::awaitable<void> Follower::listen() {
  const auto self = listener_;  // outlives the follower while it waits
  boost::system::error_code ignored;
  while (!stopping_) {
    auto opened = co_await store::Connection::open(executor_, options_.upstream, listen_options(options_));
    if (stopping_) co_return;
    if (opened) {
      self->connection = std::move(*opened);
      Bytes command;
      resp::append_command(command, {"SUBSCRIBE", migration::control_channel_name()});
      auto going = co_await self->connection->send(command, kMessages);
      listening_ = going.has_value();
      while (going && !stopping_) {
        going = co_await self->connection->fill();
        if (stopping_) co_return;
        take_messages(*self->connection);
        timer_.cancel();
        look_again_ = true;
      }
    }
    if (stopping_) co_return;
    listening_ = false;
    listen_timer_.expires_after(kLookEvery);
    co_await listen_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void Follower::take_messages(store::Connection& connection) {
  for (auto message = connection.take(); message && *message; message = connection.take())
    if ((*message)->find("wanted") != BytesView::npos) quick_until_ = clock_now() + hold_limit();
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
  read_at_ = clock_now().time_since_epoch().count();
  const bool gone = state && !state->record;
  if (gone && !acted_->change.id) {
    tell("");
    co_return;
  }
  if (!state || gone) {
    std::string why = gone ? std::string(kGone) : state.error().what + ": keyshift repair";
    auto refusing = co_await without_record(std::move(why));
    act_on(std::move(refusing));
    co_return;
  }
  const control::Change& cur = state->record->cur;
  const control::ChangeId mine = acted_->change.id;
  if (control::Following::went_back(cur.id, mine))
    tell("the control record went back from " + text(mine) + " to " + text(cur.id) +
         ": the next change goes above both");
  else
    act_on(serving_of(*state));
  const auto settle_above = following_.watch(*state->record, acted_->change.id, hold_limit(), clock_now());
  if (settle_above) asio::co_spawn(executor_, settle(*settle_above), asio::detached);
}

Duration Follower::hold_limit() const { return control::hold_limit(*acted_); }

asio::awaitable<void> Follower::settle(std::uint64_t known_epoch) {
  control::ChangeRequest request;
  request.audit.emplace_back("who", "proxy " + options_.name);
  request.audit.emplace_back("what", "settle");
  request.hold_limit = hold_limit();
  request.known_epoch = known_epoch;
  const auto outcome = co_await carry(settling_store_, std::move(request));
  if (outcome) killed_ += outcome->killed;
  following_.settled();
  if (stopping_) co_return;
  if (outcome && outcome->end > control::ChangeOutcome::End::already) tell(outcome->reason);
  timer_.cancel();
}

asio::awaitable<void> Follower::help() {
  const auto acted = acted_;
  const auto primary = co_await store_.primary();
  if (!primary || !acted->change.id) co_return;
  const auto helped = co_await help_epoch_key(**primary, acted->change);
  if (!helped) co_return;
  if (following_.help_in_vain(*helped)) asio::co_spawn(executor_, settle(0), asio::detached);
}

/// A report that cannot be left is not missed here: who reads reports says that this one is not there.
asio::awaitable<void> Follower::leave_report() {
  if (!options_.report || !acted_->change.id || clock_now() < report_due_) co_return;
  const auto primary = co_await store_.primary();
  if (!primary || stopping_) co_return;
  report_due_ = clock_now() + kReportEvery;
  const auto expiry = std::chrono::duration_cast<seconds>(std::max(4 * kReportEvery, 3 * idle_pause_ + kReportEvery));
  Bytes command;
  resp::append_command(
      command, {"SET", migration::report_name(options_.name), options_.report(), "EX", std::to_string(expiry.count())});
  const auto left = co_await (*primary)->ask(std::move(command), 1);
  if (!left) (*primary)->close();
}

std::shared_ptr<const Serving> Follower::serving_of(const ControlState& state) {
  auto out = std::make_shared<Serving>();
  out->change = state.record->cur;
  out->records = out->change.hold ? Serving::Records::hold : Serving::Records::serve;
  for (const control::RunEntry& entry : out->change.runs) out->runs.push_back(run_of(entry, state));
  control::lay_out(*out, acted_.get());
  for (const control::ServedRun& run : out->runs)
    if (!run.refusal.empty()) out->reason += (out->reason.empty() ? "" : "; ") + run.refusal;
  return out;
}

/// A run that is not understood is refused, by the key patterns that every version can read; the others are served.
control::ServedRun Follower::run_of(const control::RunEntry& entry, const ControlState& state) {
  control::ServedRun out;
  out.id = entry.id;
  out.name = entry.name;
  out.spec = entry.spec;
  out.mode = control::mode_of(entry.phase);
  Known& known = known_specs_[entry.spec];
  const auto text = state.specs.find(entry.spec);
  if (text == state.specs.end()) {
    out.refusal = "the rules of the run " + entry.name + " are missing at the store";
  } else if (!known.migration) {
    auto spec = control::read_spec(text->second);
    if (spec) {
      known.rules = std::make_shared<const transforms::RuleSet>(*spec);
      known.migration = std::make_shared<const transforms::MigrationFile>(std::move(*spec));
    } else {
      out.refusal = spec.error().what;
      if (!known.rules) known.rules = scope_of(text->second);
    }
  }
  out.rules = known.rules;
  if (out.refusal.empty()) out.migration = known.migration;
  number_rules(out);
  return out;
}

/// Counters of a rule are its own as long as the process lives.
void Follower::number_rules(control::ServedRun& run) {
  const auto [at, added] = first_rule_.try_emplace(run.id, rules_numbered_);
  run.first_rule = at->second;
  if (added && run.rules) rules_numbered_ += static_cast<std::uint32_t>(run.rules->rules().size());
  if (!run.rules) first_rule_.erase(at);
}

/// The record is gone, or not understood: what is known to be in scope is refused, the rest goes on.
asio::awaitable<std::shared_ptr<const Serving>> Follower::without_record(std::string why) {
  auto out = std::make_shared<Serving>(*acted_);
  if (out->runs.empty()) {
    const auto primary = co_await store_.primary();
    std::vector<std::shared_ptr<const transforms::RuleSet>> scopes;
    if (primary) scopes = co_await scopes_of_found_specs(**primary);
    for (auto& scope : scopes) {
      control::ServedRun found;
      found.rules = std::move(scope);
      found.refusal = why;
      out->runs.push_back(std::move(found));
    }
    control::lay_out(*out);
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
  following_.acts_anew();
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
