// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/sweep_task.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "control/connection_name.hpp"
#include "driver/replica_wait.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using migration::SweepPass;
using migration::SweepState;
using migration::WaitReason;
namespace {

constexpr Duration kShowEvery = milliseconds(50);
constexpr Duration kShowStalled = milliseconds(250);
constexpr Duration kLookAgain = milliseconds(200);
constexpr Duration kAskingAgain = milliseconds(10);
constexpr Duration kRetry = milliseconds(500);
constexpr Duration kLongestSleep = milliseconds(100);  // so that a pause by hand and a stop are felt soon
constexpr std::size_t kConflictsShown = 100;

Time clock_now() { return std::chrono::steady_clock::now(); }
double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

migration::ThrottleLimits limits_of(const transforms::Sweep& sweep) {
  migration::ThrottleLimits limits;
  limits.keys_per_second = sweep.max_keys_per_second;
  limits.server_latency = sweep.max_server_latency;
  return limits;
}

store::ConnectOptions connect_options(const SweeperOptions& options, control::Carries carries) {
  store::ConnectOptions out;
  out.name = options.change ? text(control::ConnectionName{options.connection_name, carries, options.change->id})
                            : options.connection_name;
  out.database = options.rules->database();
  return out;
}

}  // namespace

SweepTask::SweepTask(asio::any_io_executor executor, SweeperOptions options, Publish publish)
    : executor_(executor),
      timer_(executor),
      show_timer_(executor),
      options_(std::move(options)),
      publish_(std::move(publish)),
      throttle_(limits_of(options_.sweep)),
      watch_(executor, options_.upstream, connect_options(options_, control::Carries::control), options_.run,
             throttle_),
      run_(options_.run, migration::rules_digest(*options_.rules), options_.mode),
      digest_(migration::rules_digest(*options_.rules)),
      counts_(options_.rules->rules().size()) {
  if (options_.change) watch_.follow_notes(options_.run, options_.sweep.max_keys_per_second);
}

migration::ServerLife SweepTask::life() const { return {info_.identity.run_id, info_.identity.master_replid}; }

void SweepTask::stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> SweepTask::sleep(Time until) {
  boost::system::error_code ignored;
  timer_.expires_at(std::min(until, clock_now() + kLongestSleep));
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> SweepTask::hold(SweepState state, WaitReason reason, Duration how_long) {
  progress_.state = state;
  progress_.waits = reason;
  show(nullptr, true);
  const Time begun = clock_now();
  while (!stopping_ && clock_now() < begun + how_long) co_await sleep(begun + how_long);
  if (reason != WaitReason::none) throttle_.waited_for(reason, clock_now() - begun);
}

asio::awaitable<void> SweepTask::run() {
  while (!stopping_) {
    const bool prepared = co_await prepare();
    if (!prepared) break;
    const bool clean = co_await sweep_until_clean();
    if (!clean) break;
    note_clean_pass();
    if (options_.repeat_after == Duration::zero()) {
      watch_.forget();
      end(SweepState::done, "");
      break;
    }
    progress_.clean_pass = true;
    progress_.moved_before = pass_began_;
    show_remaining();
    co_await hold(SweepState::resting, WaitReason::none, options_.repeat_after);
  }
  if (connection_) connection_->close();
  stop_beside();
  if (progress_.state != SweepState::done && progress_.state != SweepState::failed)
    end(SweepState::stopped, progress_.state == SweepState::stopped ? progress_.detail : "");
}

void SweepTask::stop_beside() {
  watch_.stop();
  over_ = true;
  show_timer_.cancel();
}

asio::awaitable<void> SweepTask::keep_shown() {
  boost::system::error_code ignored;
  while (!over_) {
    show_timer_.expires_after(kShowStalled);
    co_await show_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (progress_.state == SweepState::sweeping && clock_now() - shown_ >= kShowStalled) show(nullptr, true);
  }
}

asio::awaitable<Result<void>> SweepTask::connect() {
  if (options_.gate) {
    const auto passed = co_await pass_gate(executor_, *options_.gate);
    if (!passed) co_return passed.error();
  }
  auto opened = co_await store::Connection::open(executor_, options_.upstream,
                                                 connect_options(options_, control::Carries::records));
  if (!opened) co_return opened.error();
  connection_ = std::move(opened).value();
  if (options_.change) {
    const auto under = co_await still_under_change();
    if (!under) co_return under;
  }
  const auto info = co_await store::ask_info(*connection_);
  if (!info) co_return info.error();
  info_ = *info;
  if (info_.role == "slave") co_return fail(ErrorCode::store, "this server is a replica; the sweep wants its primary");
  if (info_.loading) co_return fail(ErrorCode::store, "the server is loading its data");
  co_return Result<void>();
}

/// True when a gate is shut, or the fleet has turned: the sweep is over.
bool SweepTask::refused(const Result<void>& connected) {
  if (!connected && connected.error().code == ErrorCode::control) {
    end(SweepState::stopped, connected.error().what);
    return true;
  }
  if (connected || connected.error().code != ErrorCode::gate) return false;
  progress_.refused = true;
  end(SweepState::failed, connected.error().what);
  return true;
}

/// Until connected, and the key that says who sweeps is ours. False: stopped or failed.
asio::awaitable<bool> SweepTask::prepare() {
  while (!stopping_) {
    const auto connected = co_await connect();
    if (refused(connected)) co_return false;
    if (!connected) {
      progress_.detail = connected.error().what;
      const bool reached = connection_ && connection_->is_open();
      co_await hold(SweepState::starting, reached ? WaitReason::refused : WaitReason::unreachable, kRetry);
      continue;
    }
    progress_.detail.clear();
    while (!stopping_ && connection_->is_open() && !watch_.holds_key()) {
      const bool other = watch_.ready();  // not ready: the watch is still asking, which takes a round trip or two
      co_await hold(other ? SweepState::standby : SweepState::starting,
                    other ? WaitReason::other_sweeper : WaitReason::none, other ? kLookAgain : kAskingAgain);
    }
    if (stopping_) co_return false;
    if (!watch_.found()) {
      end(SweepState::failed, watch_.found().error().what);
      co_return false;
    }
    co_return true;
  }
  co_return false;
}

/// Passes until a clean one that every replica has. False: stopped.
asio::awaitable<bool> SweepTask::sweep_until_clean() {
  const auto& checkpoint = *watch_.found();
  auto next = run_.begin(life(), checkpoint);
  progress_.resumed_cursor = next.cursor;
  if (next.cursor != 0 && checkpoint->counts.size() == counts_.size()) counts_ = checkpoint->counts;
  for (;;) {
    SweepPass pass(options_.rules, options_.mode, options_.run,
                   migration::batch_for(options_.sweep.max_keys_per_second), counts_, next.cursor);
    progress_.pass = next.number;
    counts_before_ = counts_;
    pass_from_ = migration::pass_estimate(next.cursor);
    pass_began_ = clock_now();
    if (progress_.moved_before == Time{}) progress_.moved_before = pass_began_;
    progress_.state = SweepState::sweeping;
    const bool whole = co_await sweep_pass(pass);
    show(&pass, true);
    if (!whole) {
      save(pass);
      co_return false;
    }
    scanned_before_ += pass.scanned();
    const auto info = co_await store::ask_info(*connection_);
    bool clean = info && info->role != "slave" &&
                 run_.ended({info->identity.run_id, info->identity.master_replid}, pass.found_any());
    if (clean) clean = co_await replicas_have_it();
    if (clean) co_return true;
    if (stopping_) co_return false;
    if (info) info_ = *info;
    next = run_.again(life());
  }
}

/// One pass to its end, over as many connections as it takes. False: stopped.
asio::awaitable<bool> SweepTask::sweep_pass(SweepPass& pass) {
  Time saved = clock_now();
  for (;;) {
    if (stopping_ && (!connection_->is_open() || connection_->in_flight() == 0)) co_return false;
    const auto done = co_await step(pass);
    if (!done) {
      progress_.detail = done.error().what;
      const bool back = co_await reconnect(pass);
      if (!back) co_return false;
      continue;
    }
    if (*done) co_return true;
    show(&pass, false);
    if (clock_now() - saved < milliseconds(500)) continue;
    saved = clock_now();
    save(pass);
  }
}

/// One step of the pass; true: it was the last one.
asio::awaitable<Result<bool>> SweepTask::step(SweepPass& pass) {
  using Kind = SweepPass::Step::Kind;
  if (!stopping_ && !watch_.holds_key()) {
    co_await hold(SweepState::standby, WaitReason::other_sweeper, kLookAgain);
    co_return false;
  }
  SweepPass::Step step{Kind::receive, 0, {}, {}};
  out_.clear();
  std::size_t replies = 0;
  // All that may go out now goes in one write: without a rate limit, system calls are what a sweep costs.
  while (!stopping_ && (step = pass.next(throttle_, clock_now(), out_)).kind == Kind::send) replies += step.replies;
  auto done = Result<void>();
  if (replies > 0) {
    progress_.waits = WaitReason::none;
    progress_.state = SweepState::sweeping;
    done = co_await connection_->send(out_, replies);
    if (!done) co_return done.error();
  }
  if (step.kind == Kind::receive) {
    done = co_await receive(pass);
  } else if (step.kind == Kind::wait) {
    co_await wait(step);
  }
  if (!done) co_return done.error();
  co_return step.kind == Kind::ended;
}

asio::awaitable<Result<void>> SweepTask::receive(SweepPass& pass) {
  const auto filled = co_await connection_->fill();
  if (!filled) co_return filled;
  for (;;) {
    const auto raw = connection_->take();
    if (!raw) co_return raw.error();
    if (!raw->has_value()) co_return Result<void>();
    const auto taken = pass.take(**raw);
    if (!taken) co_return taken;
  }
}

asio::awaitable<void> SweepTask::wait(const SweepPass::Step& step) {
  const bool refused = step.reason == WaitReason::refused || step.reason == WaitReason::conflict;
  progress_.state = refused || step.reason == WaitReason::paused ? SweepState::paused : SweepState::sweeping;
  progress_.waits = step.reason;
  const Time begun = clock_now();
  co_await sleep(step.until);
  if (refused) throttle_.waited_for(step.reason, clock_now() - begun);  // the throttle counts its own reasons
}

asio::awaitable<bool> SweepTask::reconnect(SweepPass& pass) {
  connection_->close();
  pass.connection_lost();
  while (!stopping_) {
    const auto connected = co_await connect();
    if (refused(connected)) co_return false;
    if (connected) {
      pass.go_on_at(run_.reconnected(life(), pass.resume_cursor()));
      progress_.detail.clear();
      co_return true;
    }
    progress_.detail = connected.error().what;
    co_await hold(SweepState::paused,
                  connection_ && connection_->is_open() ? WaitReason::refused : WaitReason::unreachable, kRetry);
  }
  co_return false;
}

/// WAIT covers what was written before the last command of its own connection: a PING goes first.
asio::awaitable<bool> SweepTask::replicas_have_it() {
  while (!stopping_) {
    const auto info = co_await store::ask_info(*connection_);
    if (!info || migration::ServerLife{info->identity.run_id, info->identity.master_replid} != life()) co_return false;
    if (info->replicas == 0) co_return true;
    Bytes commands;
    resp::append_command(commands, {"PING"});
    resp::append_command(commands, {"WAIT", std::to_string(info->replicas), "1000"});
    const auto replies = co_await connection_->ask(std::move(commands), 2);
    if (!replies || replies->at(1).error()) co_return false;
    if (replies->at(1).integer >= static_cast<std::int64_t>(info->replicas)) co_return true;
    auto own = connect_options(options_, control::Carries::control);
    const bool enough = co_await all_but_excluded_have_it(executor_, options_.upstream, std::move(own));
    if (enough) co_return true;
    co_await hold(SweepState::sweeping, WaitReason::replica_lag, kLookAgain);
  }
  co_return false;
}

void SweepTask::save(const SweepPass& pass) {
  migration::Checkpoint checkpoint;
  checkpoint.run = options_.run;
  checkpoint.rules = digest_;
  checkpoint.mode = options_.mode;
  checkpoint.server_run_id = info_.identity.run_id;
  checkpoint.cursor = pass.resume_cursor();
  checkpoint.pass = run_.pass();
  checkpoint.scanned = scanned_before_ + pass.scanned();
  checkpoint.written = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  checkpoint.counts = counts_;
  watch_.save(std::move(checkpoint));
}

void SweepTask::show(SweepPass* pass, bool at_once) {
  const Time now = clock_now();
  if (!at_once && now - shown_ < kShowEvery) return;
  shown_ = now;
  progress_.by_rule = counts_;
  progress_.total = {};
  for (const auto& counts : counts_) progress_.total += counts;
  if (pass) {
    progress_.scanned = scanned_before_ + pass->scanned();
    progress_.pass_estimate = migration::pass_estimate(pass->resume_cursor());
    show_remaining();
    progress_.detail = pass->detail();
    for (auto& conflict : pass->conflicts_met())
      if (progress_.conflicts.size() < kConflictsShown) progress_.conflicts.push_back(std::move(conflict));
  }
  if (now - measured_ >= seconds(1)) {
    const double span = seconds_of(now - measured_);
    if (measured_ != Time{})
      progress_.keys_per_second = static_cast<double>(progress_.total.moved - measured_moved_) / span;
    measured_ = now;
    measured_moved_ = progress_.total.moved;
  }
  progress_.allowed_keys_per_second = throttle_.rate();
  progress_.server_latency_seconds = seconds_of(throttle_.smoothed_latency());
  progress_.throttled_seconds.assign(throttle_.waited().begin(), throttle_.waited().end());
  SweepProgress shown = progress_;
  const WaitReason held = throttle_.reason(now);
  if (shown.state == SweepState::sweeping && (shown.waits == WaitReason::none || held == WaitReason::signal_lost))
    shown.waits = held;
  publish_(std::move(shown));
}

void SweepTask::show_remaining() {
  progress_.remaining_by_rule.assign(counts_.size(), -1);
  for (std::size_t rule = 0; rule < counts_.size() && rule < counts_before_.size(); ++rule) {
    const std::uint64_t met = counts_[rule].found - counts_before_[rule].found;
    progress_.remaining_by_rule[rule] =
        progress_.clean_pass && met == 0 ? 0 : migration::remaining_estimate(met, pass_from_, progress_.pass_estimate);
  }
}

void SweepTask::end(SweepState state, std::string detail) {
  progress_.state = state;
  progress_.waits = WaitReason::none;
  progress_.detail = std::move(detail);
  if (state == SweepState::done) {
    progress_.clean_pass = true;
    progress_.moved_before = pass_began_;
    show_remaining();
    progress_.pass_estimate = 1;
  }
  show(nullptr, true);
}

}  // namespace keyshift::driver
