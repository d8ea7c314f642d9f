// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/backup_mark.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "control/backup_fault.hpp"
#include "control/control_record.hpp"
#include "driver/backup_store.hpp"
#include "migration/reserved_name.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupFault;
namespace {

constexpr const char* kExpiry = "10000";
constexpr Duration kEvery = seconds(3), kBetweenLooks = milliseconds(50), kFlipPatience = seconds(60);

enum class Flip : std::uint8_t { no_record, quiet, under_way };

asio::awaitable<Result<Flip>> look_at_record(store::Connection& connection) {
  std::vector<Bytes> ask{"HGETALL", migration::control_record_name()};
  const auto reply = co_await connection.ask(std::move(ask));
  if (!reply) co_return reply.error();
  std::vector<BytesView> views;
  for (const resp::Reply& field : reply->elements) views.emplace_back(field.text);
  const auto record = control::read_record(views);
  if (!record) co_return control::fail(BackupFault::flip, record.error().what);
  if (!*record) co_return Flip::no_record;
  co_return (*record)->settled() && !(*record)->cur.hold ? Flip::quiet : Flip::under_way;
}

std::vector<Bytes> audit_entry(const BackupOptions& options, const Bytes& details) {
  return {"XADD",    migration::audit_name(),
          "MAXLEN",  "~",
          "10000",   "*",
          "who",     options.actor.by,
          "what",    "backup",
          "run",     options.run,
          "details", details};
}

asio::awaitable<void> write_audit(store::Connection& connection, const BackupOptions& options, Bytes details) {
  auto entry = audit_entry(options, details);
  static_cast<void>(co_await connection.ask(std::move(entry)));
}

/// False: another one's is there.
asio::awaitable<Result<bool>> set_mark(store::Connection& connection, Bytes token) {
  std::vector<Bytes> set{"SET", migration::backup_mark_name(), std::move(token), "NX", "PX", kExpiry};
  const auto reply = co_await connection.ask(std::move(set));
  if (!reply) co_return reply.error();
  if (reply->error()) co_return control::fail(BackupFault::stamp_refused, "the mark of a backup: " + reply->text);
  co_return !reply->null();
}

/// `then`, if the mark is still ours. (In two steps: the worst is that another's mark is gone, or lives 10 s longer.)
asio::awaitable<void> touch_mark(store::Connection& connection, Bytes token, std::vector<Bytes> then) {
  std::vector<Bytes> get{"GET", migration::backup_mark_name()};
  const auto there = co_await connection.ask(std::move(get));
  if (there && there->text == token) static_cast<void>(co_await connection.ask(std::move(then)));
}

}  // namespace

struct BackupMark::State {
  State(const BackupOptions& o, std::unique_ptr<store::Connection> c, asio::any_io_executor executor)
      : options(o), connection(std::move(c)), timer(executor), gone(executor) {}
  BackupOptions options;
  std::unique_ptr<store::Connection> connection;
  Bytes token;
  asio::steady_timer timer;  ///< until the next time
  asio::steady_timer gone;   ///< clear() waits on it
  std::string over;          ///< what came of the backup; empty: it goes on
};

BackupMark::BackupMark(std::shared_ptr<State> state) : state_(std::move(state)) {}
BackupMark::BackupMark(BackupMark&&) noexcept = default;
BackupMark::~BackupMark() = default;

asio::awaitable<Result<BackupMark>> BackupMark::set(const BackupOptions& options, store::ConnectOptions connect,
                                                    BackupRun& run) {
  auto opened = co_await store::Connection::open(run.executor(), options.upstream, std::move(connect));
  if (!opened) co_return opened.error();
  auto state = std::make_shared<State>(options, std::move(*opened), run.executor());
  store::Connection& connection = *state->connection;
  const auto first = co_await look_at_record(connection);
  if (!first) co_return first.error();
  if (*first == Flip::no_record) co_return BackupMark(nullptr);
  state->token = options.actor.name + "/" + random_hex().substr(0, 8) + " " + options.actor.by;
  Time until = std::chrono::steady_clock::now() + kFlipPatience;
  for (;;) {
    const auto ours = co_await set_mark(connection, state->token);
    if (!ours) co_return ours.error();
    if (!*ours) until = std::chrono::steady_clock::now() + kFlipPatience;
    run.begin(*ours ? "waiting for the end of a flip" : "waiting for the end of another backup");
    // Behind the mark: whoever begins a hold now finds it, and a hold that was there before is found here.
    const auto flip = co_await look_at_record(connection);
    if (!flip) co_return flip.error();
    if (*ours && *flip != Flip::under_way) break;
    std::vector<Bytes> remove{"DEL", migration::backup_mark_name()};
    if (*ours) co_await touch_mark(connection, state->token, std::move(remove));
    if (*ours && std::chrono::steady_clock::now() >= until)
      co_return control::fail(BackupFault::flip, "a change of the control record does not end");
    boost::system::error_code ignored;
    state->timer.expires_after(kBetweenLooks);
    co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  Bytes begun = "begun";
  co_await write_audit(connection, options, std::move(begun));
  asio::co_spawn(run.executor(), keep_up(state), asio::detached);
  co_return BackupMark(std::move(state));
}

asio::awaitable<void> BackupMark::keep_up(std::shared_ptr<State> state) {
  for (bool over = false; !over;) {
    boost::system::error_code ignored;
    state->timer.expires_after(state->over.empty() ? kEvery : Duration(0));
    co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    std::vector<Bytes> then{"PEXPIRE", migration::backup_mark_name(), kExpiry};
    over = !state->over.empty();
    if (over) then = std::vector<Bytes>{"DEL", migration::backup_mark_name()};
    co_await touch_mark(*state->connection, state->token, std::move(then));
  }
  co_await write_audit(*state->connection, state->options, state->over);
  state->gone.cancel();
}

asio::awaitable<void> BackupMark::clear(std::string what) {
  if (!state_) co_return;
  state_->over = std::move(what);
  state_->gone.expires_after(seconds(2));
  state_->timer.cancel();
  boost::system::error_code ignored;
  co_await state_->gone.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace keyshift::driver
