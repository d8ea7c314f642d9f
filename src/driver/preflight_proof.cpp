// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "control/client_line.hpp"
#include "control/connection_name.hpp"
#include "driver/preflight.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

using control::Carries;
constexpr int kLooks = 100;
constexpr Duration kBetween = milliseconds(20), kLate = milliseconds(150);
constexpr std::string_view kBlock = "10000";

/// One proof: `victim_` is what a proxy's connection would be, `watcher_` who carries a flip.
class Proof {
 public:
  Proof(asio::any_io_executor executor, store::Url url, std::string name, Duration limit)
      : timer_(executor), executor_(std::move(executor)), url_(std::move(url)), name_(std::move(name)), limit_(limit) {
    std::random_device source;
    probe_ = migration::probe_name(std::to_string(source()));
  }

  asio::awaitable<Result<void>> run() {
    // One after the other by name: g++ 12 destroys an initializer list that a coroutine walks through twice.
    auto done = co_await connect();
    if (done) done = co_await names();
    if (done) done = co_await unblocks();
    if (done) done = co_await kills();
    co_return done;
  }

 private:
  static Error no(std::string what) { return fail(ErrorCode::store, std::move(what)); }

  asio::awaitable<Result<std::unique_ptr<store::Connection>>> open(const std::string& name, Carries carries) {
    store::ConnectOptions options;
    options.name = text(control::ConnectionName{name, carries, {}});
    options.database = 0;
    options.connect_limit = options.request_limit = limit_;
    co_return co_await store::Connection::open(executor_, url_, std::move(options));
  }

  asio::awaitable<Result<void>> connect() {
    auto watcher = co_await open(name_, Carries::control);
    if (!watcher) co_return watcher.error();
    watcher_ = std::move(*watcher);
    auto victim = co_await open(name_ + "-proof", Carries::none);
    if (!victim) co_return victim.error();
    victim_ = std::move(*victim);
    std::vector<Bytes> ask_id{"CLIENT", "ID"};
    const auto id = co_await victim_->ask(std::move(ask_id));
    if (!id) co_return id.error();
    if (id->error() || id->integer <= 0) co_return no("CLIENT ID was answered by " + id->text);
    id_ = std::to_string(id->integer);
    co_return Result<void>();
  }

  /// The victim's line in CLIENT LIST; empty: the server does not show it.
  asio::awaitable<Result<Bytes>> line() {
    std::vector<Bytes> list{"CLIENT", "LIST", "ID", id_};
    auto reply = co_await watcher_->ask(std::move(list));
    if (!reply) co_return reply.error();
    if (reply->error()) co_return no("CLIENT LIST ID was refused: " + reply->text);
    co_return Bytes(reply->text);
  }

  asio::awaitable<Result<void>> shows(std::string name) {
    const auto seen = co_await line();
    if (!seen) co_return seen.error();
    const auto client = control::read_client_fields(*seen);
    if (!client || std::to_string(client->id) != id_)
      co_return no("a connection with the id " + id_ +
                   " is not in CLIENT LIST of another one: do both reach the same server?");
    if (client->name != name)
      co_return no("a connection was named " + name + " and CLIENT LIST shows '" + printable(client->name) + "'");
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> names() {
    std::string begun = text(control::ConnectionName{name_ + "-proof", Carries::none, {}});
    const auto first = co_await shows(std::move(begun));
    if (!first) co_return first.error();
    const std::string again = text(control::ConnectionName{name_ + "-again", Carries::none, {}});
    std::vector<Bytes> rename{"HELLO", "2", "SETNAME", again};
    const auto renamed = co_await victim_->ask(std::move(rename));
    if (!renamed) co_return renamed.error();
    if (renamed->error()) co_return no("HELLO 2 SETNAME was refused on a living connection: " + renamed->text);
    co_return co_await shows(again);
  }

  asio::awaitable<void> pause(Duration time) {
    boost::system::error_code ignored;
    timer_.expires_after(time);
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  /// Waits until the server shows the victim as blocked, with what is behind its command read.
  asio::awaitable<Result<void>> parked(bool with_queue) {
    for (int look = 0; look < kLooks; ++look) {
      const auto seen = co_await line();
      if (!seen) co_return seen.error();
      const auto client = control::read_client_fields(*seen);
      if (client && client->flag('b') && (!with_queue || client->query_buffer > 0)) co_return Result<void>();
      co_await pause(kBetween);
    }
    co_return no("a blocking command is not shown as blocked in CLIENT LIST");
  }

  asio::awaitable<Result<void>> park(bool with_queue) {
    Bytes commands;
    resp::append_command(commands, {"XREAD", "BLOCK", kBlock, "STREAMS", probe_, "$"});
    if (with_queue) resp::append_command(commands, {"SET", probe_, "1", "PX", kBlock});
    const auto sent = co_await victim_->send(commands, with_queue ? 2 : 1);
    if (!sent) co_return sent.error();
    co_return co_await parked(with_queue);
  }

  asio::awaitable<Result<void>> unblocks() {
    const auto there = co_await park(false);
    if (!there) co_return there.error();
    std::vector<Bytes> unblock{"CLIENT", "UNBLOCK", id_, "ERROR"};
    const auto done = co_await watcher_->ask(std::move(unblock));
    if (!done) co_return done.error();
    if (done->error() || done->integer != 1) co_return no("CLIENT UNBLOCK did nothing: " + done->text);
    for (;;) {
      const auto reply = victim_->take();
      if (!reply) co_return reply.error();
      if (reply->has_value() && !(*reply)->starts_with("-UNBLOCKED"))
        co_return no("an unblocked command was answered by " + printable(**reply));
      if (reply->has_value()) co_return Result<void>();
      const auto filled = co_await victim_->fill();
      if (!filled) co_return filled.error();
    }
  }

  asio::awaitable<Result<void>> kills() {
    const auto there = co_await park(true);
    if (!there) co_return there.error();
    std::vector<Bytes> kill{"CLIENT", "KILL", "ID", id_};
    const auto killed = co_await watcher_->ask(std::move(kill));
    if (!killed) co_return killed.error();
    if (killed->error() || killed->integer != 1) co_return no("CLIENT KILL did nothing: " + killed->text);
    for (int look = 0; look < 2; ++look) {
      std::vector<Bytes> get{"GET", probe_};
      const auto ran = co_await watcher_->ask(std::move(get));
      if (!ran) co_return ran.error();
      if (!ran->null())
        co_return no("a command that was queued on a killed connection ran (or GET was refused): " +
                     printable(ran->text));
      if (look == 0) co_await pause(kLate);
    }
    const auto after = co_await line();
    if (!after) co_return after.error();
    if (after->find("id=" + id_ + " ") != Bytes::npos) co_return no("a killed connection is still in CLIENT LIST");
    const auto end = co_await victim_->fill();
    if (end) co_return no("a killed connection was not closed");
    co_return Result<void>();
  }

  asio::steady_timer timer_;
  asio::any_io_executor executor_;
  store::Url url_;
  std::string name_;
  Duration limit_;
  Bytes probe_, id_;
  std::unique_ptr<store::Connection> watcher_, victim_;
};

}  // namespace

asio::awaitable<Result<void>> prove_naming_and_killing(asio::any_io_executor executor, store::Url url, std::string name,
                                                       Duration limit) {
  Proof proof(std::move(executor), std::move(url), std::move(name), limit);
  co_return co_await proof.run();
}

}  // namespace keyshift::driver
