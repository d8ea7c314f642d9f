// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/preflight.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "control/connection_name.hpp"
#include "driver/bypass.hpp"
#include "driver/preflight_nodes.hpp"
#include "driver/preflight_rights.hpp"
#include "driver/verify.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"
#include "resp/info_field.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

constexpr std::array<BytesView, 3> wanted{"save", "stop-writes-on-bgsave-error", "min-replicas-to-write"};
constexpr std::string_view kWaitLimit = "1000";
constexpr std::uint32_t kLookSpeed = 50'000;

std::uint64_t number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class Preflight {
 public:
  Preflight(asio::any_io_executor executor, PreflightOptions options)
      : executor_(std::move(executor)), options_(std::move(options)) {}

  asio::awaitable<control::PreflightFacts> run() {
    facts_.sentinel = options_.upstream.kind == store::Url::Kind::sentinel;
    auto connection = co_await open(0);
    if (!connection) {
      facts_.unreachable = connection.error().what;
      co_return std::move(facts_);
    }
    server_ = std::move(*connection);
    facts_.sentinel = facts_.sentinel || server_->role() == store::Role::sentinel;
    co_await ask_server();
    if (facts_.sentinel) co_return std::move(facts_);
    co_await ask_replicas();
    co_await ask_rights(*server_, options_.rules.get(), facts_);
    const auto clients = co_await bypass_clients(*server_, options_.allow);
    if (clients)
      facts_.bypass = *clients;
    else
      facts_.unknown.push_back(clients.error().what);
    if (resp::info_field(facts_.info, "role") == "master") co_await ask_nodes(executor_, options_, facts_);
    const auto proof = co_await prove_naming_and_killing(executor_, options_.upstream, options_.name, options_.limit);
    if (!proof) facts_.proof_failed = proof.error().what;
    co_await ask_migration();
    co_return std::move(facts_);
  }

 private:
  asio::awaitable<Result<std::unique_ptr<store::Connection>>> open(int database) {
    store::ConnectOptions options;
    options.name = text(control::ConnectionName{options_.name, control::Carries::control, {}});
    options.database = database;
    options.connect_limit = options.request_limit = options_.limit;
    co_return co_await store::Connection::open(executor_, options_.upstream, std::move(options));
  }

  /// Replies as they come; a broken connection is told once.
  asio::awaitable<std::vector<resp::Reply>> ask(Bytes commands, std::size_t count) {
    auto replies = co_await server_->ask(std::move(commands), count);
    if (replies) co_return std::move(*replies);
    facts_.unknown.push_back(replies.error().what);
    co_return std::vector<resp::Reply>(count);
  }

  asio::awaitable<void> ask_server() {
    Bytes commands;
    resp::append_command(commands, {"INFO"});
    resp::append_command(commands, {"EXISTS", migration::control_record_name()});
    resp::append_command(commands, {"EXISTS", migration::epoch_key_name()});
    for (const BytesView name : wanted) resp::append_command(commands, {"CONFIG", "GET", name});
    const auto replies = co_await ask(std::move(commands), 3 + wanted.size());
    facts_.info = replies[0].text;
    if (replies[0].error()) facts_.unknown.push_back("INFO: " + replies[0].text);
    facts_.has_record = replies[1].integer == 1;
    facts_.has_epoch_key = replies[2].integer == 1;
    for (std::size_t i = 3; i < replies.size(); ++i) {
      const resp::Reply& reply = replies[i];
      if (reply.error()) facts_.unknown.push_back("CONFIG GET " + Bytes(wanted[i - 3]) + ": " + reply.text);
      if (reply.elements.size() == 2) facts_.config[reply.elements[0].text] = reply.elements[1].text;
    }
    co_await ask_time();
  }

  asio::awaitable<void> ask_time() {
    using clock = std::chrono::system_clock;
    const auto before = clock::now();
    Bytes command;
    resp::append_command(command, {"TIME"});
    const auto replies = co_await ask(std::move(command), 1);
    const auto middle = before + (clock::now() - before) / 2;
    if (replies[0].elements.size() != 2) co_return;
    const auto there =
        std::chrono::seconds(number(replies[0].elements[0].text)) + microseconds(number(replies[0].elements[1].text));
    facts_.clock_ahead = std::chrono::duration_cast<milliseconds>(there - middle.time_since_epoch());
  }

  /// A message on a channel of ours is a write that goes to every replica and leaves nothing behind.
  asio::awaitable<void> ask_replicas() {
    auto other = co_await open(0);
    if (!other) co_return;
    const std::string replicas(resp::info_field(facts_.info, "connected_slaves"));
    Bytes commands;
    resp::append_command(commands, {"PUBLISH", migration::control_channel_name(), "check"});
    resp::append_command(commands, {"WAIT", replicas.empty() ? "0" : replicas, kWaitLimit});
    const Time before = std::chrono::steady_clock::now();
    const auto replies = co_await (*other)->ask(std::move(commands), 2);
    facts_.wait_time = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - before);
    Bytes ping;
    resp::append_command(ping, {"PING"});
    const auto alive = co_await server_->ask(std::move(ping), 1);
    facts_.writes_hang = !replies && alive;
    if (!replies || replies->at(1).error()) {
      facts_.wait_time.reset();
      co_return;
    }
    facts_.wait_replicas = static_cast<std::uint64_t>(replies->at(1).integer);
  }

  asio::awaitable<void> ask_migration() {
    if (!options_.rules) co_return;
    const auto& rules = options_.rules->rules();
    facts_.apart = std::any_of(rules.begin(), rules.end(), [](const transforms::Rule& rule) { return !rule.near; });
    co_await ask_source();
    auto records = co_await open(options_.rules->database());
    if (!records) {
      facts_.unknown.push_back("records that clash: " + records.error().what);
      co_return;
    }
    VerifyOptions look;
    look.plan = {migration::Mode::old, {}, 1};
    look.keys_per_second = kLookSpeed;
    look.most_keys = options_.look_keys;
    look.again_after = milliseconds(100);
    const auto report = co_await verify(**records, *options_.rules, std::move(look));
    if (!report) {
      facts_.unknown.push_back("records that clash: " + report.error().what);
      co_return;
    }
    for (const control::Difference& one : report->listed) {
      const std::string shown = "rule=" + rules[one.rule].name + " key=" + printable(one.key, 64);
      if (one.kind == control::DifferenceKind::both_names) facts_.both_names.push_back(shown);
      if (one.kind == control::DifferenceKind::wrong_type) facts_.wrong_type.push_back(shown + ", " + one.detail);
    }
  }

  asio::awaitable<void> ask_source() {
    if (!options_.source) co_return;
    StoreGate gate;
    gate.upstream = options_.upstream;
    gate.source = options_.source;
    gate.file = options_.file;
    gate.connection_name = text(control::ConnectionName{options_.name, control::Carries::control, {}});
    const auto same = co_await compare_stores(executor_, gate);
    if (same)
      facts_.doubts = *same;
    else if (same.error().code == ErrorCode::gate)
      facts_.other_store = same.error().what;
    else
      facts_.doubts.push_back(same.error().what);
  }

  asio::any_io_executor executor_;
  PreflightOptions options_;
  control::PreflightFacts facts_;
  std::unique_ptr<store::Connection> server_;
};

}  // namespace

asio::awaitable<control::PreflightFacts> look_before(asio::any_io_executor executor, PreflightOptions options) {
  Preflight preflight(std::move(executor), std::move(options));
  co_return co_await preflight.run();
}

}  // namespace keyshift::driver
