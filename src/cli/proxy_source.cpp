#include "cli/proxy_source.hpp"

#include <nlohmann/json.hpp>

#include "cli/explain.hpp"

namespace keyshift::cli {
namespace {

constexpr auto rate_over = milliseconds(900);  // who looks every second finds a new one each time

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Waits that are the ordinary course of a sweep and no news.
bool ordinary(migration::WaitReason reason) {
  return reason == migration::WaitReason::none || reason == migration::WaitReason::rate ||
         reason == migration::WaitReason::latency;
}

}  // namespace

ProxySource::ProxySource(const Startup& startup, const proxy::Proxy& proxy, ProxyNow now, observe::Log& log,
                         std::function<void()> drain)
    : startup_(startup),
      proxy_(proxy),
      now_(std::move(now)),
      log_(log),
      drain_(std::move(drain)),
      started_(std::chrono::steady_clock::now()),
      counted_at_(started_) {}

bool ProxySource::ready() const {
  const proxy::StatusSnapshot snapshot = proxy_.status();
  const auto following = now_.following();
  return snapshot.listening && !snapshot.draining && (!following || following->age_seconds);
}

ProxyView ProxySource::look() const {
  ProxyView out{
      startup_, proxy_.table(), proxy_.status(), proxy_.counters(), now_.sweeps(), now_.serving(), now_.following(), 0,
      0};
  out.uptime_seconds = seconds_of(std::chrono::steady_clock::now() - started_);
  return out;
}

ProxyView ProxySource::view() const {
  ProxyView out = look();
  keep_rate(out);
  out.commands_per_second = per_second_;
  return out;
}

/// The rate between two looks that are a second apart or more: kept by those who look, so that nobody looking costs
/// nothing.
void ProxySource::keep_rate(const ProxyView& view) const {
  const Time now = std::chrono::steady_clock::now();
  if (now - counted_at_ < rate_over) return;
  const std::uint64_t commands = totals_of(view.counters).commands();
  per_second_ = static_cast<double>(commands - counted_) / seconds_of(now - counted_at_);
  counted_ = commands;
  counted_at_ = now;
}

Bytes ProxySource::report() const {
  const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  // Names may hold any bytes; a report is text.
  return report_document(look(), now).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json ProxySource::status() const { return status_document(view()); }

std::string ProxySource::metrics() const {
  const observe::Collector collectors[] = {[this](observe::MetricsSink& sink) { collect_metrics(view(), sink); }};
  return observe::exposition(collectors);
}

Result<nlohmann::json> ProxySource::explain(std::string_view command) const {
  const auto words = words_of(command);
  if (!words) return words.error();
  const std::vector<BytesView> argv(words->begin(), words->end());
  const auto serving = now_.serving();
  return Result<nlohmann::json>(boost::system::in_place_value,
                                explain_command(proxy_.table(), *serving, startup_.upstream.database, argv));
}

nlohmann::json ProxySource::config() const { return startup_.settings.shown(); }

void ProxySource::set_log_level(Severity least) {
  log_.set_level(least);
  if (const auto left_out = requests_.admit(std::chrono::steady_clock::now()))
    log_.warning("log level set over the admin port", {{"level", observe::name(least)}, {"left_out", *left_out}});
}

void ProxySource::drain() {
  if (const auto left_out = requests_.admit(std::chrono::steady_clock::now()))
    log_.warning("drain asked for over the admin port", {{"left_out", *left_out}});
  drain_();
}

bool ProxySource::tick() {
  const ProxyTotals totals = totals_of(proxy_.counters());
  const bool worked = totals.commands() != seen_.commands() || totals.upstream_failures != seen_.upstream_failures;
  log_failures(totals);
  seen_ = totals;
  bool sweeps = false;
  for (const driver::RunSweep& sweep : now_.sweeps()) {
    log_sweep(sweep);
    sweeps |= sweep.progress.state == migration::SweepState::sweeping;
  }
  return worked || sweeps;
}

void ProxySource::log_failures(const ProxyTotals& totals) {
  const auto more = [&](std::uint64_t ProxyTotals::* count) { return totals.*count - seen_.*count; };
  if (const auto n = more(&ProxyTotals::upstream_failures))
    log_.warning("connections to Redis failed", {{"count", n}, {"upstream", startup_.upstream.printed()}});
  if (const auto n = more(&ProxyTotals::unknown_outcomes))
    log_.warning("commands were in flight when their connection broke", {{"count", n}});
  if (const auto n = more(&ProxyTotals::generations))
    log_.warning("Redis may be another server now: what was known of records is forgotten", {{"count", n}});
  if (const auto n = more(&ProxyTotals::refused)) log_.info("commands were refused", {{"count", n}});
  if (const auto n = more(&ProxyTotals::protocol_errors)) log_.info("clients sent no RESP", {{"count", n}});
  if (const auto n = more(&ProxyTotals::output_limit_kills))
    log_.warning("clients did not read their replies and were cut off", {{"count", n}});
  if (const auto n = more(&ProxyTotals::conflicts_resolved))
    log_.warning("records were found under both names and settled by policy", {{"count", n}});
}

void ProxySource::log_sweep(const driver::RunSweep& one) {
  const driver::SweepProgress& sweep = one.progress;
  SweepSeen& seen = sweeps_seen_[one.run];
  if (sweep.state != seen.state)
    log_.write(sweep.state == migration::SweepState::failed ? Severity::error : Severity::info, "sweep",
               {{"run", one.run},
                {"state", name(sweep.state)},
                {"moved", sweep.total.moved},
                {"pass", sweep.pass},
                {"detail", sweep.detail}});
  if (sweep.waits != seen.waits && !ordinary(sweep.waits))
    log_.warning(
        "sweep waits",
        {{"run", one.run}, {"reason", name(sweep.waits)}, {"why", meaning(sweep.waits)}, {"detail", sweep.detail}});
  seen = {sweep.state, sweep.waits};
}

}  // namespace keyshift::cli
