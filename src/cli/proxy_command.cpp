// g++ 12 misreads Asio's scheduler when it inlines it here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <thread>

#include "cli/command_line.hpp"
#include "cli/proxy_source.hpp"
#include "cli/store_check.hpp"
#include "driver/follower.hpp"
#include "driver/sweep_switch.hpp"
#include "proxy/admin/admin_server.hpp"

namespace keyshift::cli {
namespace asio = boost::asio;
namespace {

/// How often failures are looked for: more rarely while nothing happens, since an idle proxy should cost nothing.
constexpr Duration shortest_tick = seconds(1);
constexpr Duration longest_tick = seconds(64);
/// A clean pass is not the end in a sidecar: a client beside the proxy may still write old names.
constexpr auto sweep_again_after = seconds(60);

/// `keyshift proxy` while it runs: its parts in the order in which they are built, and the thread of main() that waits
/// for signals. Everything is torn down in the opposite order.
class ProxyProcess {
 public:
  explicit ProxyProcess(Startup startup)
      : startup_(std::move(startup)),
        log_(*observe::log_format_of(startup_.settings.text("log-format")),
             *observe::severity_of(startup_.settings.text("log-level"))),
        check_(startup_, log_),
        proxy_(options()) {}

  int run() {
    // A peer that is gone gives an error where it is written to, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    if (const auto started = start(); !started) return report(started.error());
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) drain("signal");
    });
    tick();
    io_.run();
    if (waiter_.joinable()) waiter_.join();
    log_.info("ended");
    return code_;
  }

 private:
  Result<void> start() {
    if (auto passed = check_.first(); !passed) return passed;
    if (follows()) follow();
    if (auto listening = proxy_.start(); !listening) return listening;
    if (startup_.rules && migration::moving(startup_.mode) && startup_.settings.flag("sweep")) {
      auto sweeper = driver::Sweeper::start(sweeper_options(startup_, sweep_again_after));
      if (!sweeper) return sweeper.error();
      sweeper_ = std::move(*sweeper);
    }
    source_.emplace(startup_, proxy_, now(), log_, [this] { asio::post(io_, [this] { drain("request"); }); });
    auto admin = proxy::AdminServer::start(admin_options(), *source_);
    if (!admin) return admin.error();
    admin_ = std::move(*admin);
    check_.go_on(io_, [this](const Error& error) {
      code_ = report(error);
      drain("gate");
    });
    log_start();
    return {};
  }

  /// Without rules or a mode given by hand, what the store's control record says is done.
  [[nodiscard]] bool follows() const { return !startup_.migration && !startup_.settings.given("mode"); }

  proxy::ProxyOptions options() {
    auto out = proxy_options(startup_);
    out.on_learn = [this](bool help) {
      if (follower_) follower_->learn(help);
    };
    return out;
  }

  void follow() {
    if (startup_.settings.flag("sweep")) switch_.emplace(sweeper_options(startup_, sweep_again_after));
    driver::FollowerOptions options;
    options.upstream = startup_.upstream;
    options.name = startup_.name;
    options.turn = [this](std::shared_ptr<const control::Serving> serving) { turn(std::move(serving)); };
    options.busy = [this] {
      const std::uint64_t commands = totals_of(proxy_.counters()).commands();
      return std::exchange(commands_seen_, commands) != commands;
    };
    options.report = [this] { return source_ ? source_->report() : Bytes(); };
    options.trouble = [this](const std::string& what) { log_.warning("control record", {{"what", what}}); };
    follower_.emplace(io_.get_executor(), std::move(options));
    proxy_.turn(follower_->serving());
    asio::co_spawn(io_, follower_->run(), asio::detached);
  }

  /// That of the only run, or those of all by name.
  static std::string modes_of(const control::Serving& serving) {
    if (serving.runs.size() == 1) return std::string(name(serving.runs.front().mode));
    std::string out;
    for (const control::ServedRun& run : serving.runs)
      out += (out.empty() ? "" : ", ") + run.name + " " + std::string(name(run.mode));
    return out;
  }

  void turn(std::shared_ptr<const control::Serving> serving) {
    const control::Change& change = serving->change;
    if (change.id)
      log_.info("control record", {{"epoch", change.id.epoch},
                                   {"era", change.era},
                                   {"kind", std::string(change.hold ? "hold" : "serve")},
                                   {"mode", modes_of(*serving)}});
    if (switch_) switch_->turn(*serving);
    proxy_.turn(std::move(serving));
  }

  [[nodiscard]] ProxyNow now() const {
    if (follower_)
      return {[this] { return follower_->serving(); },
              [this] { return switch_ ? switch_->progress() : std::vector<driver::RunSweep>(); },
              [this] { return std::optional(control_counts()); }};
    return {[serving = serving_of(startup_)] { return serving; },
            [run = startup_.run, sweeper = sweeper_.get()] {
              std::vector<driver::RunSweep> out;
              if (sweeper != nullptr) out.push_back({run, sweeper->progress()});
              return out;
            },
            [] { return std::nullopt; }};
  }

  [[nodiscard]] ControlCounts control_counts() const {
    ControlCounts out;
    if (const Time at = follower_->read_at(); at != Time{})
      out.age_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - at).count();
    out.killed = follower_->killed();
    return out;
  }

  [[nodiscard]] proxy::AdminOptions admin_options() const {
    const auto where = [this](std::string_view option) {
      const std::string& text = startup_.settings.text(option);
      return text == "off" ? std::string() : text;
    };
    proxy::AdminOptions out;
    out.admin = where("admin");
    out.health = where("health");
    out.token = startup_.admin_token;
    return out;
  }

  void log_start() {
    for (const std::string& address : proxy_.status().listeners) log_.info("listening", {{"address", address}});
    for (const std::string& address : admin_->addresses()) log_.info("admin interface", {{"address", address}});
    log_.info("started", {{"version", KEYSHIFT_VERSION},
                          {"upstream", startup_.upstream.printed()},
                          {"mode", name(startup_.mode)},
                          {"migration", startup_.migration ? startup_.migration->name : std::string("none")},
                          {"rules", std::uint64_t{startup_.rules ? startup_.rules->rules().size() : 0}},
                          {"follows", follows()},
                          {"sweep", sweeper_ != nullptr || switch_.has_value()}});
  }

  void tick() {
    timer_.expires_after(tick_after_);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      tick_after_ = source_->tick() ? shortest_tick : std::min(longest_tick, tick_after_ * 4);
      tick();
    });
  }

  void drain(std::string_view why) {
    if (waiter_.joinable()) return;
    log_.info("draining", {{"because_of", why}});
    boost::system::error_code ignored;
    signals_.clear(ignored);  // a second signal has its ordinary effect
    signals_.cancel(ignored);
    if (sweeper_) sweeper_->stop();
    if (switch_) switch_->stop();
    proxy_.drain();
    waiter_ = std::thread([this] {
      proxy_.wait();
      io_.stop();
    });
  }

  Startup startup_;
  observe::Log log_;
  asio::io_context io_{1};
  asio::signal_set signals_{io_, SIGINT, SIGTERM};
  asio::steady_timer timer_{io_};
  StoreCheck check_;
  proxy::Proxy proxy_;
  std::unique_ptr<driver::Sweeper> sweeper_;
  std::optional<driver::SweepSwitch> switch_;
  std::optional<driver::Follower> follower_;
  std::optional<ProxySource> source_;
  std::unique_ptr<proxy::AdminServer> admin_;
  std::thread waiter_;
  Duration tick_after_ = shortest_tick;
  std::uint64_t commands_seen_ = 0;  ///< when the follower asked last
  int code_ = kDone;
};

}  // namespace

int run_proxy(const Invocation& invocation) {
  auto startup = prepare(invocation.options);
  if (!startup) return report(startup.error());
  return ProxyProcess(std::move(*startup)).run();
}

}  // namespace keyshift::cli
