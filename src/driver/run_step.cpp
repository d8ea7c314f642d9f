// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/run_step.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "control/phases.hpp"
#include "driver/run_clear.hpp"
#include "migration/reserved_name.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

using control::GateReason;
using control::Obstacle;
using control::Wanted;
constexpr Duration kBetweenLooks = milliseconds(200);

struct Gate {
  std::vector<Obstacle> shut, overridden;
  [[nodiscard]] bool only(bool (*fits)(GateReason)) const {
    return !shut.empty() &&
           std::all_of(shut.begin(), shut.end(), [&](const Obstacle& each) { return fits(each.reason); });
  }
  [[nodiscard]] bool shut_by(GateReason reason) const { return has(shut, reason); }
  [[nodiscard]] bool overrides(GateReason reason) const { return has(overridden, reason); }

 private:
  static bool has(const std::vector<Obstacle>& list, GateReason reason) {
    return std::any_of(list.begin(), list.end(), [&](const Obstacle& each) { return each.reason == reason; });
  }
};

asio::awaitable<Result<Gate>> look(FleetStore& store, const control::Change& cur, const MeantRun& run,
                                   const StepRequest& request) {
  const auto facts = co_await gather_facts(store, cur, run);
  if (!facts) co_return facts.error();
  Gate out;
  for (auto& obstacle : control::obstacles(request.wanted, run.spec, *facts))
    (request.force.contains(obstacle.reason) ? out.overridden : out.shut).push_back(std::move(obstacle));
  co_return out;
}

bool by_rehearsal(GateReason reason) noexcept {
  return reason == GateReason::not_rehearsed || reason == GateReason::rehearsal_failures;
}
bool by_way_back(GateReason reason) noexcept { return reason == GateReason::way_back; }
/// What the step itself can clear away, and waits for first.
bool by_waiting(GateReason reason) noexcept {
  return reason == GateReason::backup_running || by_rehearsal(reason) || by_way_back(reason);
}

/// The gate, once what can be had by waiting a moment or by a rehearsal was had.
asio::awaitable<Result<Gate>> pass(FleetStore& store, const control::Change& cur, const MeantRun& run,
                                   const StepRequest& request) {
  auto gate = co_await look(store, cur, run, request);
  if (gate && gate->only(by_waiting) && gate->shut_by(GateReason::backup_running)) {
    const auto waited = co_await await_backup(store, request.backup_patience);
    if (!waited) co_return gate;
    gate = co_await look(store, cur, run, request);
  }
  if (!gate) co_return gate;
  const bool there = gate->only(by_rehearsal), back = gate->only(by_way_back);
  if (!there && !back) co_return gate;
  const auto rehearsed =
      co_await check_run(store, request.rehearsal, cur, run, there ? RunCheck::rehearsal : RunCheck::way_back);
  if (!rehearsed) co_return rehearsed.error();
  co_return co_await look(store, cur, run, request);
}

std::string words_of(const std::vector<Obstacle>& overridden) {
  std::set<std::string_view> names;
  for (const Obstacle& obstacle : overridden) names.insert(name(obstacle.reason));
  std::string out;
  for (const auto word : names) out.append(out.empty() ? "" : ",").append(word);
  return out;
}

control::ChangeRequest::Edit wishing(Bytes id, Wanted wanted, std::uint64_t era) {
  return [id = std::move(id), wanted, era](const control::Change& cur,
                                           const control::ChangeId&) -> Result<control::Change> {
    const control::RunEntry* found = control::find_run(cur, id);
    const bool removes = wanted == Wanted::forget || wanted == Wanted::abort;
    if (found == nullptr && removes) return cur;
    if (found != nullptr && !removes && control::arrived(wanted, found->phase)) return cur;
    // What the gate looked at counts in its era only.
    if (cur.era != era) return fail(ErrorCode::gate, "somebody else has turned the fleet meanwhile: look, and repeat");
    return control::with_wish(cur, id, wanted);
  };
}

control::ChangeRequest change_of(const MeantRun& run, std::uint64_t era, const StepRequest& request, const Gate& gate) {
  control::ChangeRequest out;
  out.hold_limit = run.spec.hold_limit;
  out.bypass.allow = run.spec.bypass_allow;
  // Clients past the proxies that were let through the gate must not hold up the flip either.
  if (gate.overrides(GateReason::bypass)) out.bypass.allow.push_back({"", "", "*", ""});  // whatever it is called
  out.heed_backup = !request.force.contains(GateReason::backup_running);
  out.audit = {{"who", request.who}, {"what", Bytes(name(request.wanted))}, {"run", run.entry.id}};
  if (const std::string forced = words_of(gate.overridden); !forced.empty())
    out.audit.push_back({"details", "forced " + forced});
  out.edit = wishing(run.entry.id, request.wanted, era);
  return out;
}

}  // namespace

asio::awaitable<Result<void>> await_backup(FleetStore& store, Duration patience) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const Time until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    Commands get{{"GET", migration::backup_mark_name()}};
    const auto mark = co_await ask_all(store, std::move(get));
    if (!mark) co_return mark.error();
    if (!mark->front().textual() || mark->front().error()) co_return Result<void>();
    if (std::chrono::steady_clock::now() >= until)
      co_return fail(ErrorCode::gate, "a backup is being taken by " + printable(mark->front().text));
    boost::system::error_code ignored;
    timer.expires_after(kBetweenLooks);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<Result<StepEnd>> take_step(FleetStore& store, control::Change cur, MeantRun run, StepRequest request) {
  Gate gate;
  if (!control::arrived(request.wanted, run.entry.phase)) {
    if (const auto wish = control::with_wish(cur, run.entry.id, request.wanted); !wish) co_return wish.error();
    auto passed = co_await pass(store, cur, run, request);
    if (!passed) co_return passed.error();
    gate = std::move(*passed);
    if (!gate.shut.empty()) co_return StepEnd{std::move(gate.shut), {}};
  }
  auto outcome = co_await carry(store, change_of(run, cur.era, request, gate));
  if (!outcome) co_return outcome.error();
  const bool over = outcome->end <= control::ChangeOutcome::End::already;
  if (over && (request.wanted == Wanted::forget || request.wanted == Wanted::abort)) {
    const auto cleared = co_await clear_run(store, run.entry);
    if (!cleared) outcome->reason = cleared.error().what;
  }
  co_return StepEnd{{}, std::move(*outcome)};
}

}  // namespace keyshift::driver
