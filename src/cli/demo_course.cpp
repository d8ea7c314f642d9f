#include "cli/demo_course.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/command_line.hpp"

namespace keyshift::cli::demo {
namespace {

/// The proxy that is stopped, for longer than the clients that give up wait, and across a flip.
constexpr unsigned stopped_proxy = 2;
constexpr auto stopped_for = milliseconds(2500);
constexpr auto dead_for = seconds(1);
/// How long clients go on in a phase in which nothing moves, so that they are seen working there.
constexpr auto quiet = seconds(2);
/// Rehearsal and verification may be so much faster than the sweep: they only read.
constexpr std::uint64_t looks_faster = 3;
constexpr auto look_every = seconds(1);
constexpr auto tick_every = milliseconds(20);

double seconds_since(Time begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

/// Whether the sweep has gone through everything without finding anything: then the next gate does not ask for it.
bool clean(const nlohmann::json& run) {
  if (run.value("phase", std::string()) != "migrate" && run.value("phase", std::string()) != "rollback") return false;
  for (const nlohmann::json& obstacle : run.value("waits_for", nlohmann::json::array()))
    if (obstacle.value("reason", std::string()) == "no-clean-pass") return false;
  return true;
}

}  // namespace

Course::Course(CourseOptions options, const WorkDirectory& directory, Duration show_every, Say say)
    : options_(options), directory_(directory), show_every_(show_every), say_(std::move(say)) {
  report_.records = options.records;
  report_.clients = static_cast<unsigned>(options.clients);
  report_.names = options.until;
}

Result<void> Course::run() {
  std::vector<Step> steps{&Course::fill_server,
                          &Course::start_fleet,
                          &Course::apply,
                          &Course::back_up,
                          &Course::start_with_one_stopped,
                          &Course::migrate_with_one_killed,
                          &Course::verify,
                          &Course::back_up,
                          &Course::cut_over};
  if (options_.until == Names::old) steps.push_back(&Course::roll_back);
  steps.push_back(&Course::end_load);
  steps.push_back(&Course::ask_verdict);
  for (const Step step : steps)
    if (auto done = (this->*step)(); !done) return done;
  return {};
}

Result<void> Course::fill_server() {
  auto redis = RedisServer::start(directory_);
  if (!redis) return redis.error();
  redis_ = std::move(*redis);
  say_("redis-server on 127.0.0.1:" + std::to_string(redis_.port) + ": filling in " + grouped(options_.records) +
       " records (user:<id>, sess:<token>, cart:<id>)\n");
  epoch_ms_ = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const Time begun = std::chrono::steady_clock::now();
  auto filled = fill(redis_.port, options_.records, options_.clients * outside_per_client, epoch_ms_);
  report_.fill_seconds = seconds_since(begun);
  return filled;
}

Result<void> Course::start_fleet() {
  auto fleet = Fleet::start(directory_, redis_.port);
  if (!fleet) return fleet.error();
  fleet_.emplace(std::move(*fleet));
  terminal_.emplace(directory_, redis_.port);
  std::string lines;
  for (unsigned number = 0; number < proxies; ++number)
    lines += "keyshift proxy on 127.0.0.1:" + std::to_string(fleet_->at(number).port()) +
             ", its page on http://127.0.0.1:" + std::to_string(fleet_->at(number).admin()) + "/\n";
  say_(lines + grouped(options_.clients) +
       " clients work through the proxies, with the old names; the migration is to bring\n" +
       "  user:<id> -> {user:<id>}:profile, sess:<token> -> session:v2:<token>, cart:<id> -> {cart:<id>}:items\n");
  auto load =
      Load::start({options_.records, report_.clients, fleet_->ports(), redis_.port, epoch_ms_, directory_.path()});
  if (!load) return load.error();
  load_.emplace(std::move(*load));
  begun_ = shown_ = entered_ = std::chrono::steady_clock::now();
  return wait(quiet);
}

Result<void> Course::apply() {
  const std::string backups = directory_.file("backups");
  const std::uint64_t rate = options_.records / options_.seconds + 1;
  std::error_code failed;
  if (!std::filesystem::create_directory(backups, failed))
    return fail(ErrorCode::system, backups + ": " + failed.message());
  std::ofstream(migration_file()) << migration_text(redis_.port, looks_faster * rate, backups);
  if (auto applied = take({"apply", migration_file()}); !applied) return applied;
  return take({"throttle", std::to_string(rate)});
}

Result<void> Course::back_up() { return take({"backup", "create", "--prove", "--migration", migration_file()}); }

Result<void> Course::start_with_one_stopped() {
  report_.load = load_->totals();
  report_.stopped = Harm{stopped_proxy, report_.load.doors[stopped_proxy].clients, now(), 0};
  const Time begun = std::chrono::steady_clock::now();
  fleet_->freeze(stopped_proxy);
  say_(moment() + "proxy-3 is stopped (SIGSTOP): its " + grouped(report_.stopped->clients) +
       " clients get no answer; those that do not wait go elsewhere\n");
  if (auto waited = wait(milliseconds(300)); !waited) return waited;
  if (auto started = take({"start"}); !started) return started;
  if (auto waited = wait(stopped_for - (std::chrono::steady_clock::now() - begun)); !waited) return waited;
  fleet_->thaw(stopped_proxy);
  report_.stopped->seconds = seconds_since(begun);
  say_(moment() + "proxy-3 goes on (SIGCONT): the fleet has turned without it, and it learns so\n");
  return {};
}

Result<void> Course::migrate_with_one_killed() {
  if (auto waited = wait(look_every); !waited) return waited;
  return until_clean(report_.there, 0, [this]() -> Result<void> {
    if (!report_.killed && report_.there.sum() * 10 > options_.records * 3) return kill_one();
    return {};
  });
}

Result<void> Course::kill_one() {
  const unsigned number = fleet_->not_sweeping(stopped_proxy);
  report_.load = load_->totals();
  report_.killed = Harm{number, report_.load.doors[number].clients, now(), 0};
  fleet_->kill(number);
  const std::string name = fleet_->at(number).name();
  say_(moment() + name + " is killed (SIGKILL): its " + grouped(report_.killed->clients) +
       " clients lose their connections and go elsewhere\n");
  if (auto waited = wait(dead_for); !waited) return waited;
  if (auto started = fleet_->restart(number); !started) return started;
  report_.killed->seconds = now() - report_.killed->at;
  say_(moment() + name + " is started again\n");
  return {};
}

Result<void> Course::verify() { return take({"verify"}); }

Result<void> Course::cut_over() {
  auto taken = take({"cutover"});
  return taken ? wait(quiet) : taken;
}

Result<void> Course::roll_back() {
  const std::uint64_t before = fleet_->moved_by_clients();
  if (auto taken = take({"rollback"}); !taken) return taken;
  if (auto waited = wait(look_every); !waited)
    return waited;  // the pages of the proxies are those of this phase by then
  if (auto moved = until_clean(report_.back, before, [] { return Result<void>(); }); !moved) return moved;
  if (auto taken = take({"advance"}); !taken) return taken;
  return wait(quiet);
}

Result<void> Course::end_load() {
  const bool finished = load_->finish(report_.names);
  report_.load = load_->totals();
  report_.load_seconds = now();
  enter("");
  if (!finished) return fail(ErrorCode::system, "a client has failed: " + report_.load.problem);
  return load_->collect(expected_file());
}

Result<void> Course::ask_verdict() {
  say_("the clients have stopped; another process now reads every record from Redis itself\n");
  const std::string answer = directory_.file("verdict.json");
  auto child =
      Child::start({own_path(), "demo-verdict", expected_file(), "--port", std::to_string(redis_.port)}, answer);
  if (!child) return child.error();
  report_.verdict_pid = child->pid();
  while (child->running()) {
    if (Interrupts::came()) return fail(ErrorCode::system, "interrupted");
    std::this_thread::sleep_for(tick_every);
  }
  const int code = child->wait();
  std::ifstream in(answer, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  report_.verdict = nlohmann::json::parse(text, nullptr, false);
  if (!report_.verdict.is_object()) return fail(ErrorCode::system, "there is no verdict: " + text);
  // The exit code and the words must say the same.
  if ((code == kDone) != report_.verdict.value("passed", false))
    return fail(ErrorCode::system, "the verdict contradicts itself: " + text);
  return {};
}

std::string Course::places() const {
  const std::string proxy = std::to_string(fleet_->at(0).port()), redis = std::to_string(redis_.port);
  return "  redis-cli -p " + proxy + " HGETALL user:3        (through a proxy, old name)\n  redis-cli -p " + redis +
         (report_.names == Names::old ? " HGETALL user:3" : " HGETALL '{user:3}:profile'") +
         "        (straight to Redis)\n  keyshift status --history --upstream redis://127.0.0.1:" + redis +
         "\n  files: " + directory_.path() + "\n";
}

/// Types a command and waits for its end.
Result<void> Course::type(std::vector<std::string> words) {
  if (auto begun = terminal_->type(std::move(words)); !begun) return begun;
  while (terminal_->busy())
    if (auto ticked = tick(); !ticked) return ticked;
  return {};
}

/// Types a step of the migration, which has to succeed.
Result<void> Course::take(std::vector<std::string> words) {
  const double began = now();
  if (auto typed = type(std::move(words)); !typed) return typed;
  Typed typed = terminal_->read();
  typed.at = began;
  if (typed.code != kDone)
    return fail(ErrorCode::system, typed.line + " ended with " + std::to_string(typed.code) + ": " + typed.complaints);
  if (typed.said.is_object() && typed.said.contains("phase")) enter(typed.said.value("phase", std::string()));
  for (std::size_t at; (at = typed.line.find(directory_.path() + "/")) != typed.line.npos;)
    typed.line.erase(at, directory_.path().size() + 1);
  say_(typed_line(typed));
  report_.typed.push_back(std::move(typed));
  return {};
}

Result<void> Course::wait(Duration how_long) {
  const Time end = std::chrono::steady_clock::now() + how_long;
  while (std::chrono::steady_clock::now() < end)
    if (auto ticked = tick(); !ticked) return ticked;
  return {};
}

/// Until the sweep has made a clean pass, with `meanwhile` behind every look.
Result<void> Course::until_clean(Moved& moved, std::uint64_t moved_before,
                                 const std::function<Result<void>()>& meanwhile) {
  const double limit = now() + static_cast<double>(options_.seconds) * 4 + 120;
  while (true) {
    const auto through = look_at_store(moved, moved_before);
    if (!through) return through.error();
    if (auto done = meanwhile(); !done) return done;
    if (*through) return {};
    if (now() > limit) return fail(ErrorCode::system, "the records do not all move: " + terminal_->read().said.dump());
    if (auto waited = wait(look_every); !waited) return waited;
  }
}

/// True behind a clean pass.
Result<bool> Course::look_at_store(Moved& moved, std::uint64_t moved_before) {
  if (auto typed = type({"status"}); !typed) return typed.error();
  const Typed status = terminal_->read();
  if (!status.said.is_object() || status.said.value("runs", nlohmann::json::array()).size() != 1)
    return fail(ErrorCode::system, "keyshift status says nothing of the run: " + status.complaints);
  const nlohmann::json& run = status.said["runs"].front();
  const bool through = clean(run);
  if (through) fleet_->look();
  moved.by_sweep = std::max(moved.by_sweep, fleet_->swept());
  moved.by_clients = fleet_->moved_by_clients() - moved_before;
  moved_now_ = moved.sum();
  return through;
}

/// What goes on all the time: clients work, somebody looks, Ctrl-C is heard.
Result<void> Course::tick() {
  if (Interrupts::came()) return fail(ErrorCode::system, "interrupted");
  if (!load_->running()) return fail(ErrorCode::system, "a client has ended: " + load_->totals().problem);
  std::this_thread::sleep_for(tick_every);
  const Time instant = std::chrono::steady_clock::now();
  if (instant - looked_ > milliseconds(250)) {
    fleet_->look();
    looked_ = instant;
  }
  if (instant - shown_ < show_every_) return {};
  report_.load = load_->totals();
  report_.load_seconds = now();
  say_(progress_line(report_, phase_, moved_now_, shown_totals_, seconds_since(shown_)));
  shown_ = instant;
  shown_totals_ = report_.load;
  return {};
}

void Course::enter(const std::string& phase) {
  if (phase == phase_) return;
  report_.phases.push_back({phase_, seconds_since(entered_)});
  entered_ = std::chrono::steady_clock::now();
  phase_ = phase;
  moved_now_ = 0;
}

/// The front of a line on what is done to a proxy.
std::string Course::moment() const {
  char text[32];
  std::snprintf(text, sizeof text, "%4.0f s  ! ", now());
  return text;
}

double Course::now() const { return seconds_since(begun_); }

}  // namespace keyshift::cli::demo
