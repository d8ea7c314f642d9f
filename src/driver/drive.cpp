// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/drive.hpp"

#include <boost/asio/io_context.hpp>
#include <map>
#include <set>

#include "control/phases.hpp"
#include "driver/backup_store.hpp"
#include "driver/drive_work.hpp"
#include "driver/io_wait.hpp"
#include "driver/run_step.hpp"

namespace keyshift::driver {
namespace {

using control::DriveDecision;
using control::DriveTask;
using End = control::ChangeOutcome::End;
using EventKind = DriveEvent::Kind;

constexpr Duration kBetweenLooks = milliseconds(500), kSlice = milliseconds(50), kLastSteps = seconds(5);
/// A hold, or a change under way, that nobody has touched for so long has lost its driver.
constexpr Duration kAbandoned = seconds(1);

FleetOptions fleet_options(const DriveOptions& options) {
  FleetOptions out;
  out.upstream = options.upstream;
  out.name = options.actor.name;
  return out;
}

/// Whether it is worth another line: words of time and number change all the time.
std::string gist(const DriveDecision& decision) {
  std::string out(name(decision.wanted));
  out += std::to_string(static_cast<int>(decision.kind)) + (decision.paused ? "p" : "");
  for (const control::Obstacle& obstacle : decision.waits_for) out += "," + std::string(name(obstacle.reason));
  return out;
}

class Drive {
 public:
  explicit Drive(const DriveOptions& options)
      : options_(options), store_(io_.get_executor(), fleet_options(options)), work_(options) {}

  Result<std::optional<DriveDecision>> run() {
    while (!options_.stop()) {
      const auto looked = look();
      if (!looked && options_.goal && !reached_) return looked.error();
      reached_ |= looked.has_value();
      trouble(looked ? std::string() : looked.error().what);
      if (end_) return end_;
      pause();
    }
    return std::optional<DriveDecision>();
  }

 private:
  struct Seen {
    std::map<DriveTask, control::DriveAttempt> attempts;
    std::string told;
  };

  /// Until the next look, until a piece of work ends, or until stop().
  void pause() {
    const Time until = std::chrono::steady_clock::now() + kBetweenLooks;
    while (std::chrono::steady_clock::now() < until && !options_.stop() && !collect())
      std::this_thread::sleep_for(kSlice);
  }

  template <class T>
  Result<T> wait(boost::asio::awaitable<Result<T>> work) {
    return wait_for(io_, std::move(work), [this] {
      if (options_.stop() && !last_) last_ = std::chrono::steady_clock::now() + kLastSteps;
      return last_ && std::chrono::steady_clock::now() > *last_;
    });
  }

  void tell(EventKind kind, const control::RunEntry& run, std::string_view what, std::string detail) {
    options_.tell({kind, run.name, std::string(what), std::move(detail), std::string(control::name(run.phase))});
  }

  void trouble(const std::string& what) {
    if (what != trouble_ && !what.empty()) options_.tell({EventKind::trouble, {}, {}, what, {}});
    trouble_ = what;
  }

  bool collect() {
    auto ended = work_.ended();
    if (!ended) return false;
    seen_[ended->run].attempts[ended->task] = ended->attempt;
    options_.tell({ended->fine ? EventKind::done : EventKind::failed,
                   ended->run_name,
                   std::string(control::name(ended->task)),
                   ended->detail,
                   {}});
    return true;
  }

  Result<void> look() {
    const auto state = wait(read_control(store_));
    if (!state) return state.error();
    if (!state->record)
      return fail(ErrorCode::gate,
                  options_.upstream.printed() + (known_ == 0 ? " has no control record: nothing was applied there"
                                                             : " has lost its control record (keyshift repair)"));
    const control::ControlRecord& record = *state->record;
    const bool back = record.cur.id.epoch < known_;
    if (!record.settled() || record.cur.hold || back) return finish(record, *state);
    restless_since_.reset();
    known_ = record.cur.id.epoch;
    return look_at_runs(*state);
  }

  /// Carries what somebody wanted and has left: after a moment in which nobody did.
  Result<void> finish(const control::ControlRecord& record, const ControlState& state) {
    const Time now = std::chrono::steady_clock::now();
    if (!restless_since_ || restless_ != record.next.id) restless_since_ = now;
    restless_ = record.next.id;
    if (now - *restless_since_ < kAbandoned) return {};
    restless_since_.reset();
    control::ChangeRequest request;
    request.edit = [](const control::Change& cur, const control::ChangeId&) -> Result<control::Change> { return cur; };
    request.known_epoch = known_ > record.cur.id.epoch ? known_ : 0;
    request.audit = {{"who", options_.actor.by}, {"what", "finish"}};
    for (const control::RunEntry& entry : record.next.runs) {
      const auto run = understood(state, entry);
      if (!run) continue;
      request.hold_limit = std::max<Duration>(request.hold_limit, run->spec.hold_limit);
      const auto& allow = run->spec.bypass_allow;
      request.bypass.allow.insert(request.bypass.allow.end(), allow.begin(), allow.end());
    }
    const auto outcome = wait(carry(store_, std::move(request)));
    if (!outcome) return outcome.error();
    if (outcome->cur) known_ = std::max(known_, outcome->cur->id.epoch);
    const bool fine = outcome->end == End::done || outcome->end == End::already;
    options_.tell({fine ? EventKind::done : EventKind::failed, {}, "finish", outcome->reason, {}});
    return {};
  }

  Result<void> look_at_runs(const ControlState& state) {
    const control::Change& cur = state.record->cur;
    std::set<Bytes> there;
    for (const control::RunEntry& entry : cur.runs) {
      if (!options_.run.empty() && options_.run != entry.name && options_.run != entry.id) continue;
      there.insert(entry.id);
      const auto run = understood(state, entry);
      if (!run) return run.error();
      const auto carried = look_at(cur, *run);
      if (!carried) return carried.error();
    }
    std::erase_if(seen_, [&](const auto& one) { return !there.contains(one.first); });
    if (options_.goal && there.empty())
      return fail(ErrorCode::gate, "the run " + options_.run + " is not at this store");
    return {};
  }

  Result<void> look_at(const control::Change& cur, const MeantRun& run) {
    auto facts = wait(gather_facts(store_, cur, run));
    if (!facts) return facts.error();
    Seen& seen = seen_[run.entry.id];
    const auto goal = options_.goal ? *options_.goal : control::goal_of(run.spec, *facts);
    const control::DriveFacts all{std::move(*facts), seen.attempts};
    const DriveDecision decision = control::decide(goal, run.spec, all);
    if (decision.kind == DriveDecision::Kind::step) return step(cur, run, decision.wanted, seen);
    if (decision.kind == DriveDecision::Kind::task) {
      begin(decision.task, cur, run);
      return {};
    }
    say(decision, run, seen);
    const bool ends = decision.kind == DriveDecision::Kind::ready || decision.kind == DriveDecision::Kind::end;
    if (options_.goal && ends && work_.idle()) end_ = decision;
    return {};
  }

  void say(const DriveDecision& decision, const MeantRun& run, Seen& seen) {
    std::string now = gist(decision);
    if (now == seen.told) return;
    seen.told = std::move(now);
    using Kind = DriveDecision::Kind;
    const EventKind kind = decision.kind == Kind::wait    ? EventKind::waiting
                           : decision.kind == Kind::ready ? EventKind::ready
                                                          : EventKind::over;
    tell(kind, run.entry, decision.kind == Kind::end ? "" : name(decision.wanted), control::why(decision));
  }

  void begin(DriveTask task, const control::Change& cur, const MeantRun& run) {
    if (!work_.idle() || options_.stop()) return;
    tell(EventKind::begun, run.entry, control::name(task), {});
    work_.begin(task, cur, run);
  }

  Result<void> step(const control::Change& cur, const MeantRun& run, control::Wanted wanted, Seen& seen) {
    if (options_.stop()) return {};
    StepRequest request;
    request.wanted = wanted;
    request.who = options_.actor.by;
    request.backup_patience = seconds(0);
    request.rehearsal = {options_.upstream, options_.actor.name, options_.actor.by, true, {}};
    control::DriveAttempt attempt{wall_clock(), {}};
    const auto end = wait(take_step(store_, cur, run, std::move(request)));
    attempt.ended = wall_clock();
    if (!end) return end.error();
    if (!end->shut.empty()) return {};  // it was open a moment ago: the next look says why it is not
    const bool fine = end->outcome.end == End::done || end->outcome.end == End::already;
    if (!fine) seen.attempts[DriveTask::step] = attempt;
    if (end->outcome.cur) known_ = std::max(known_, end->outcome.cur->id.epoch);
    seen.told.clear();
    const auto* now = end->outcome.cur ? control::find_run(*end->outcome.cur, run.entry.id) : nullptr;
    tell(fine ? EventKind::done : EventKind::failed, now == nullptr ? run.entry : *now, name(wanted),
         end->outcome.reason);
    return {};
  }

  const DriveOptions& options_;
  boost::asio::io_context io_{1};
  FleetStore store_;
  std::map<Bytes, Seen> seen_;  ///< by id of the run
  std::optional<DriveDecision> end_;
  std::optional<Time> last_;  ///< what is under way at stop() may take until then
  std::optional<Time> restless_since_;
  control::ChangeId restless_;
  std::uint64_t known_ = 0;  ///< the highest epoch seen here
  bool reached_ = false;
  std::string trouble_;
  DriveWork work_;  ///< last: its thread ends first
};

}  // namespace

std::string_view name(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::waiting:
      return "waiting";
    case EventKind::ready:
      return "ready";
    case EventKind::begun:
      return "begun";
    case EventKind::done:
      return "done";
    case EventKind::failed:
      return "failed";
    case EventKind::trouble:
      return "trouble";
    case EventKind::over:
      return "over";
  }
  return "?";
}

Result<std::optional<DriveDecision>> drive(const DriveOptions& options) { return Drive(options).run(); }

}  // namespace keyshift::driver
