// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/verify.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "migration/scan_page.hpp"
#include "resp/encode.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

constexpr BytesView kPageKeys = "512";

asio::awaitable<void> pause(Duration time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<Result<store::ServerIdentity>> identity(store::Connection& connection) {
  const auto info = co_await store::ask_info(connection);
  if (!info) co_return info.error();
  if (info->role != "master")
    co_return fail(ErrorCode::store, "this server is no primary: what a replica holds proves nothing");
  co_return info->identity;
}

/// One page of SCAN; gives the next cursor.
asio::awaitable<Result<std::uint64_t>> scan(store::Connection& connection, std::uint64_t cursor,
                                            control::Verification& verification) {
  Bytes command;
  resp::append_command(command, {"SCAN", std::to_string(cursor), "COUNT", kPageKeys});
  const auto sent = co_await connection.send(command, 1);
  if (!sent) co_return sent.error();
  for (;;) {
    const auto raw = connection.take();
    if (!raw) co_return raw.error();
    if (!raw->has_value()) {
      const auto filled = co_await connection.fill();
      if (!filled) co_return filled.error();
      continue;
    }
    migration::ScanPage page;
    if (!page.open(**raw)) co_return fail(ErrorCode::store, "SCAN was refused: " + printable(**raw));
    BytesView key;
    while (page.next(key)) verification.scanned(key);
    if (page.damaged()) co_return fail(ErrorCode::store, "a page of SCAN makes no sense");
    co_return page.cursor();
  }
}

asio::awaitable<Result<void>> ask(store::Connection& connection, control::Verification& verification) {
  for (;;) {
    Bytes commands;
    const std::size_t expected = verification.next(commands);
    if (expected == 0) co_return Result<void>();
    const auto replies = co_await connection.ask(std::move(commands), expected);
    if (!replies) co_return replies.error();
    verification.take(*replies);
  }
}

/// Waits until `scanned` keys are no more than the speed allows since `begun`.
asio::awaitable<void> keep_speed(std::uint64_t scanned, std::uint32_t per_second, Time begun) {
  if (per_second == 0) co_return;
  const auto due = begun + microseconds(scanned * 1'000'000 / per_second);
  const auto now = std::chrono::steady_clock::now();
  if (due > now) co_await pause(due - now);
}

}  // namespace

asio::awaitable<Result<control::VerifyReport>> verify(store::Connection& connection, const transforms::RuleSet& rules,
                                                      VerifyOptions options) {
  const auto before = co_await identity(connection);
  if (!before) co_return before.error();
  control::Verification verification(rules, options.plan);
  const Time begun = std::chrono::steady_clock::now();
  std::uint64_t cursor = 0;
  do {
    const auto next = co_await scan(connection, cursor, verification);
    if (!next) co_return next.error();
    cursor = *next;
    const auto asked = co_await ask(connection, verification);
    if (!asked) co_return asked.error();
    if (options.progress && !options.progress(verification.report())) co_return fail(ErrorCode::system, "stopped");
    if (options.most_keys > 0 && verification.report().scanned >= options.most_keys) break;
    co_await keep_speed(verification.report().scanned, options.keys_per_second, begun);
  } while (cursor != 0 && !verification.enough());
  if (verification.suspects() > 0) co_await pause(options.again_after);
  verification.look_again();
  const auto asked = co_await ask(connection, verification);
  if (!asked) co_return asked.error();
  const auto after = co_await identity(connection);
  if (!after) co_return after.error();
  if (*before != *after)
    co_return fail(ErrorCode::store, "the server failed over or began anew while it was verified: verify again");
  control::VerifyReport report = verification.report();
  report.server = after->run_id + "/" + after->master_replid;
  co_return report;
}

}  // namespace keyshift::driver
