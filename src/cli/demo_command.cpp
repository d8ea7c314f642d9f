#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <thread>

#include "cli/command_line.hpp"
#include "cli/demo_report.hpp"
#include "cli/demo_servers.hpp"
#include "cli/option_values.hpp"

namespace keyshift::cli {
namespace {

using namespace demo;

struct DemoOptions {
  std::uint64_t records = 1'000'000, seconds = 20, clients = 8;
  bool keep = false, json = false;
};

double seconds_since(Time begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

/// How long the clients go on behind the clean pass, so that they are seen working on what has moved.
constexpr auto afterwards = seconds(2);

/// The demo from its start to its report. Everything that it starts ends with it.
class Demo {
 public:
  Demo(DemoOptions options, WorkDirectory directory) : options_(options), directory_(std::move(directory)) {}

  Result<bool> run() {
    Result<void> (Demo::* const steps[])() = {&Demo::fill_server, &Demo::move_under_load, &Demo::ask_verdict};
    for (const auto step : steps) {
      const Result<void> done = (this->*step)();
      if (Interrupts::came()) return fail(ErrorCode::system, "interrupted");
      if (!done) return done.error();
    }
    if (options_.json)
      std::printf("%s\n", report_document(report_).dump(2).c_str());
    else
      std::fputs(report_text(report_).c_str(), stdout);
    if (!report_.passed()) {
      directory_.keep();
      say("logs and what was expected: " + directory_.path() + "\n");
    }
    if (options_.keep) stay();
    return report_.passed();
  }

 private:
  Result<void> fill_server() {
    auto redis = RedisServer::start(directory_);
    if (!redis) return redis.error();
    redis_ = std::move(*redis);
    say("redis-server on 127.0.0.1:" + std::to_string(redis_.port) + ": filling in " + grouped(options_.records) +
        " records (user:<id>, sess:<token>, cart:<id>)\n");
    epoch_ms_ = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const Time begun = std::chrono::steady_clock::now();
    if (auto filled = fill(redis_.port, options_.records, options_.clients * outside_per_client, epoch_ms_); !filled)
      return filled;
    report_.records = options_.records;
    report_.clients = static_cast<unsigned>(options_.clients);
    report_.fill_seconds = seconds_since(begun);
    return {};
  }

  Result<void> move_under_load() {
    std::ofstream(directory_.file(migration_name))
        << migration_text(redis_.port, options_.records / options_.seconds + 1);
    auto proxy = ProxyServer::start(directory_, redis_.port);
    if (!proxy) return proxy.error();
    proxy_ = std::move(*proxy);
    say("keyshift proxy on 127.0.0.1:" + std::to_string(proxy_.port) +
        ", its page on http://127.0.0.1:" + std::to_string(proxy_.admin) +
        "/: records get their new names\n  user:<id> -> {user:<id>}:profile, "
        "sess:<token> -> session:v2:<token>, cart:<id> -> {cart:<id>}:items\n" +
        grouped(options_.clients) + " clients work through the proxy with the old names\n");
    auto load =
        Load::start({options_.records, report_.clients, proxy_.port, redis_.port, epoch_ms_, directory_.path()});
    if (!load) return load.error();
    load_.emplace(std::move(*load));
    if (auto watched = watch(); !watched) return watched;
    const bool finished = load_->finish();
    report_.load = load_->totals();
    if (!finished) return fail(ErrorCode::system, "a client has failed: " + report_.load.problem);
    return load_->collect(expected_file());
  }

  /// Until the sweep is clean and a little longer.
  Result<void> watch() {
    const Time begun = std::chrono::steady_clock::now();
    Time shown = begun, last_look = begun;
    std::optional<Time> clean;
    LoadTotals last;
    const auto show_every = ::isatty(STDOUT_FILENO) == 1 && !options_.json ? seconds(1) : seconds(5);
    while (!clean || std::chrono::steady_clock::now() - *clean < afterwards) {
      if (Interrupts::came()) return fail(ErrorCode::system, "interrupted");
      if (!load_->running()) return fail(ErrorCode::system, "a client has ended: " + load_->totals().problem);
      if (seconds_since(begun) > static_cast<double>(options_.seconds) * 4 + 120)
        return fail(ErrorCode::system, "the records do not all move; what holds the sweep: " + report_.sweep.waits);
      std::this_thread::sleep_until(last_look += milliseconds(250));
      auto sweep = look(proxy_.admin);
      if (!sweep) return fail(ErrorCode::system, sweep.error().what + "\n" + tail_of(directory_.file("proxy.log")));
      report_.sweep = std::move(*sweep);
      report_.load = load_->totals();
      report_.load_seconds = seconds_since(begun);
      if (report_.sweep.clean && !clean) {
        clean = std::chrono::steady_clock::now();
        report_.move_seconds = report_.load_seconds;
      }
      if (std::chrono::steady_clock::now() - shown < show_every) continue;
      say(progress_line(report_, last, seconds_since(shown)));
      shown = std::chrono::steady_clock::now();
      last = report_.load;
    }
    return {};
  }

  Result<void> ask_verdict() {
    say("the clients have stopped; another process now reads every record from Redis itself\n");
    const std::string answer = directory_.file("verdict.json");
    auto child =
        Child::start({own_path(), "demo-verdict", expected_file(), "--port", std::to_string(redis_.port)}, answer);
    if (!child) return child.error();
    report_.verdict_pid = child->pid();
    while (child->running()) {
      if (Interrupts::came()) return fail(ErrorCode::system, "interrupted");
      std::this_thread::sleep_for(milliseconds(20));
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

  void stay() {
    directory_.keep();
    say("\neverything stays up until Ctrl-C; try:\n  redis-cli -p " + std::to_string(proxy_.port) +
        " HGETALL user:3        (through the proxy, old name)\n  redis-cli -p " + std::to_string(redis_.port) +
        " HGETALL '{user:3}:profile'   (straight to Redis)\n  files: " + directory_.path() + "\n");
    while (!Interrupts::came()) std::this_thread::sleep_for(milliseconds(100));
  }

  /// The report alone goes to standard output when it is JSON.
  void say(const std::string& text) const {
    std::FILE* out = options_.json ? stderr : stdout;
    std::fputs(text.c_str(), out);
    std::fflush(out);
  }

  [[nodiscard]] std::string expected_file() const { return directory_.file("expected.tsv"); }

  DemoOptions options_;
  WorkDirectory directory_;  // is removed last
  RedisServer redis_;
  ProxyServer proxy_;
  std::optional<Load> load_;
  std::int64_t epoch_ms_ = 0;
  Report report_;
};

Result<void> read_option(const Invocation& invocation, const std::string& name, std::uint64_t least, std::uint64_t most,
                         std::uint64_t& out) {
  if (!invocation.has(name)) return {};
  const auto number = read_number(invocation.own.at(name));
  if (!number || *number < least || *number > most)
    return fail(ErrorCode::usage,
                "--" + name + ": a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  out = *number;
  return {};
}

Result<DemoOptions> read_options(const Invocation& invocation) {
  DemoOptions out;
  for (const auto& read : {read_option(invocation, "records", 1000, 100'000'000, out.records),
                           read_option(invocation, "seconds", 1, 3600, out.seconds),
                           read_option(invocation, "clients", 1, 64, out.clients)})
    if (!read) return read.error();
  out.keep = invocation.has("keep");
  out.json = invocation.has("json");
  return out;
}

}  // namespace

int run_demo(const Invocation& invocation) {
  const auto options = read_options(invocation);
  if (!options) return report(options.error());
  auto directory = WorkDirectory::create();
  if (!directory) return report(directory.error());
  const Interrupts interrupts;
  const auto passed = Demo(*options, std::move(*directory)).run();
  if (!passed) return report(passed.error());
  return *passed ? kDone : kFailed;
}

}  // namespace keyshift::cli
