// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/server_watch.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <random>

#include "control/gates.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

constexpr Duration kPingEvery = milliseconds(100);
constexpr Duration kInfoEvery = seconds(1);
constexpr Duration kClaimEvery = seconds(4);
constexpr const char* kKeyMillis = "15000";
constexpr Duration kRetry = milliseconds(500);

Time clock_now() { return std::chrono::steady_clock::now(); }

Bytes random_token() {
  std::random_device source;
  static constexpr char hex[] = "0123456789abcdef";
  Bytes token;
  for (int i = 0; i < 24; ++i) token += hex[source() & 15u];
  return token;
}

}  // namespace

ServerWatch::ServerWatch(asio::any_io_executor executor, store::Url url, store::ConnectOptions options, std::string run,
                         migration::Throttle& throttle)
    : executor_(executor),
      timer_(executor),
      url_(std::move(url)),
      options_(std::move(options)),
      throttle_(throttle),
      key_name_(migration::sweeper_name(run)),
      checkpoint_name_(migration::checkpoint_name(run)),
      token_(random_token()) {
  options_.database = 0;
}

void ServerWatch::follow_notes(Bytes run, std::uint32_t rate) {
  notes_name_ = migration::run_notes_name(run);
  rate_ = rate;
}

void ServerWatch::stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> ServerWatch::sleep(Duration how_long) {
  boost::system::error_code ignored;
  timer_.expires_after(how_long);
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> ServerWatch::run() {
  while (!stopping_) {
    auto done = Result<void>();
    if (!connection_ || !connection_->is_open()) done = co_await connect();
    if (done) done = co_await round();
    trouble_ = done ? std::string() : done.error().what;
    if (!stopping_) co_await sleep(done ? kPingEvery : kRetry);
  }
  co_await finish();
}

asio::awaitable<Result<void>> ServerWatch::connect() {
  auto opened = co_await store::Connection::open(executor_, url_, options_);
  if (!opened) co_return opened.error();
  connection_ = std::move(opened).value();
  info_due_ = claim_due_ = Time{};
  co_return Result<void>();
}

asio::awaitable<Result<void>> ServerWatch::round() {
  auto done = co_await ping();
  if (done && clock_now() >= info_due_) done = co_await info();
  if (done && unsaved_pass_) done = co_await write_pass();
  if (done && clock_now() >= claim_due_) done = co_await claim();
  if (done && holds_key_ && unsaved_ && clock_now() >= save_due_) done = co_await write_checkpoint();
  co_return done;
}

asio::awaitable<Result<void>> ServerWatch::ping() {
  Bytes command;
  resp::append_command(command, {"PING"});
  const Time sent = clock_now();
  const auto reply = co_await connection_->ask(std::move(command), 1);
  if (!reply) co_return reply.error();
  throttle_.latency(clock_now() - sent, clock_now());
  co_return Result<void>();
}

asio::awaitable<Result<void>> ServerWatch::info() {
  const auto info = co_await store::ask_info(*connection_);
  if (!info) co_return info.error();
  throttle_.server(info->replica_lag_bytes, info->aof_delayed_fsync, clock_now());
  info_due_ = clock_now() + kInfoEvery;
  if (notes_name_.empty()) co_return Result<void>();
  co_return co_await read_notes();
}

asio::awaitable<Result<void>> ServerWatch::read_notes() {
  Bytes command;
  resp::append_command(command, {"HGETALL", notes_name_});
  const auto replies = co_await connection_->ask(std::move(command), 1);
  if (!replies) co_return replies.error();
  std::map<Bytes, Bytes> fields;
  const auto& elements = replies->front().elements;
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) fields[elements[i].text] = elements[i + 1].text;
  const control::RunNotes notes = control::read_notes(fields);
  throttle_.pause(notes.paused);
  throttle_.limit(notes.rate.value_or(rate_));
  co_return Result<void>();
}

asio::awaitable<Result<void>> ServerWatch::write_pass() {
  Bytes command;
  resp::append_command(command, {"HSET", notes_name_, "pass", *unsaved_pass_});
  const auto replies = co_await connection_->ask(std::move(command), 1);
  if (!replies) co_return replies.error();
  // Refused by a full or read-only server: the next clean pass tries again.
  unsaved_pass_.reset();
  co_return Result<void>();
}

asio::awaitable<Result<void>> ServerWatch::claim() {
  const bool held = holds_key_;
  auto done = Result<void>();
  if (held) {
    done = co_await renew();
  } else {
    Bytes command;
    resp::append_command(command, {"SET", key_name_, token_, "NX", "PX", kKeyMillis});
    const auto replies = co_await connection_->ask(std::move(command), 1);
    if (!replies) co_return replies.error();
    holds_key_ = !replies->front().null();
    if (holds_key_) done = co_await read_checkpoint();
  }
  if (!done) co_return done;
  ready_ = true;
  // While another one sweeps, look often: its key expires when it is gone.
  claim_due_ = clock_now() + (holds_key_ ? kClaimEvery : kInfoEvery);
  co_return Result<void>();
}

asio::awaitable<Result<void>> ServerWatch::renew() {
  Bytes look, keep;
  resp::append_command(look, {"WATCH", key_name_});
  resp::append_command(look, {"GET", key_name_});
  const auto seen = co_await connection_->ask(std::move(look), 2);
  if (!seen) co_return seen.error();
  const resp::Reply& holder = seen->at(1);
  holds_key_ = holder.null() || holder.error() || holder.text == token_;
  if (holds_key_) {
    resp::append_command(keep, {"MULTI"});
    resp::append_command(keep, {"SET", key_name_, token_, "PX", kKeyMillis});
    resp::append_command(keep, {"EXEC"});
  } else {
    resp::append_command(keep, {"UNWATCH"});
  }
  const auto kept = co_await connection_->ask(std::move(keep), holds_key_ ? 3 : 1);
  if (!kept) co_return kept.error();
  co_return Result<void>();
}

asio::awaitable<Result<void>> ServerWatch::read_checkpoint() {
  Bytes command;
  resp::append_command(command, {"GET", checkpoint_name_});
  const auto replies = co_await connection_->ask(std::move(command), 1);
  if (!replies) co_return replies.error();
  const resp::Reply& reply = replies->front();
  if (reply.error()) {
    found_ = fail(ErrorCode::store, "the checkpoint of the sweep cannot be read: " + reply.text);
  } else if (reply.null()) {
    found_ = std::optional<migration::Checkpoint>();
  } else {
    auto checkpoint = migration::read_checkpoint(reply.text);
    if (checkpoint) {
      found_ = std::optional<migration::Checkpoint>(*std::move(checkpoint));
    } else {
      found_ = checkpoint.error();
    }
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> ServerWatch::write_checkpoint() {
  Bytes command;
  resp::append_command(command, {"SET", checkpoint_name_, migration::encode(*unsaved_)});
  const auto replies = co_await connection_->ask(std::move(command), 1);
  if (!replies) co_return replies.error();
  // A full or read-only server refuses it: the sweep then goes on from an older one after a crash, no more.
  unsaved_.reset();
  save_due_ = clock_now() + migration::kCheckpointEvery;
  co_return Result<void>();
}

asio::awaitable<void> ServerWatch::finish() {
  if (!connection_ || !connection_->is_open() || !holds_key_) co_return;
  if (unsaved_pass_) {
    const auto noted = co_await write_pass();
    if (!noted) co_return;
  }
  if (unsaved_) {
    const auto written = co_await write_checkpoint();
    if (!written) co_return;
  }
  Bytes look, give_back;
  resp::append_command(look, {"WATCH", key_name_});
  resp::append_command(look, {"GET", key_name_});
  const auto seen = co_await connection_->ask(std::move(look), 2);
  if (!seen || seen->at(1).text != token_) co_return;
  resp::append_command(give_back, {"MULTI"});
  resp::append_command(give_back, {"DEL", key_name_});
  if (forget_) resp::append_command(give_back, {"DEL", checkpoint_name_});
  resp::append_command(give_back, {"EXEC"});
  const std::size_t replies = forget_ ? 4 : 3;
  (void)co_await connection_->ask(std::move(give_back), replies);
  connection_->close();
}

}  // namespace keyshift::driver
