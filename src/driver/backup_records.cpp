// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/backup_records.hpp"

#include <charconv>

#include "control/backup_fault.hpp"
#include "driver/backup_store.hpp"
#include "resp/encode.hpp"
#include "resp/number.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupBlock;
using control::BackupFault;
namespace {

/// Keys of a page: its values are in memory together.
constexpr BytesView kPage = "100";

Error refused(const std::string& what) { return control::fail(BackupFault::scan_refused, what); }

/// Milliseconds since 1970 of a reply of TIME.
std::optional<std::int64_t> millis_of(const resp::Reply& time) {
  if (time.elements.size() != 2) return std::nullopt;
  const auto s = resp::read_integer(time.elements[0].text), us = resp::read_integer(time.elements[1].text);
  if (!s || !us) return std::nullopt;
  return *s * 1000 + *us / 1000;
}

}  // namespace

RecordWalk::RecordWalk(store::Connection& connection, std::vector<int> databases)
    : connection_(connection), databases_(std::move(databases)) {}

void RecordWalk::resume_behind(const BackupBlock& last) {
  std::erase_if(databases_, [&](int database) {
    return database < last.database || (database == last.database && last.cursor == 0);
  });
  if (!databases_.empty() && databases_.front() == last.database) cursor_ = last.cursor;
}

asio::awaitable<Result<void>> RecordWalk::enter() {
  const auto selected = co_await select_database(connection_, databases_.front());
  if (!selected) co_return selected.error();
  entered_ = true;
  if (asked_expiry_) co_return Result<void>();
  std::vector<Bytes> ask{"PEXPIRETIME", "keyshift:"};
  const auto reply = co_await connection_.ask(std::move(ask));
  if (!reply) co_return reply.error();
  asked_expiry_ = true;
  absolute_ = !reply->error();
  co_return Result<void>();
}

asio::awaitable<Result<bool>> RecordWalk::next(BackupBlock& page) {
  page = {};
  if (databases_.empty()) co_return false;
  if (!entered_) {
    const auto entered = co_await enter();
    if (!entered) co_return entered.error();
  }
  auto keys = co_await scan(page);
  if (!keys) co_return keys.error();
  if (!keys->empty()) {
    const auto dumped = co_await dump(std::move(*keys), page);
    if (!dumped) co_return dumped.error();
  }
  cursor_ = page.cursor;
  if (cursor_ == 0) {
    databases_.erase(databases_.begin());
    entered_ = false;
  }
  co_return true;
}

asio::awaitable<Result<std::vector<Bytes>>> RecordWalk::scan(BackupBlock& page) {
  std::vector<Bytes> ask{"SCAN", std::to_string(cursor_), "COUNT", Bytes(kPage)};
  auto reply = co_await connection_.ask(std::move(ask));
  if (!reply) co_return reply.error();
  if (reply->elements.size() != 2) co_return refused("SCAN: " + reply->text);
  const Bytes& cursor = reply->elements[0].text;
  const auto [end, code] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), page.cursor);
  if (code != std::errc() || end != cursor.data() + cursor.size()) co_return refused("SCAN gave no cursor");
  page.database = databases_.front();
  std::vector<Bytes> keys;
  for (resp::Reply& key : reply->elements[1].elements) keys.push_back(std::move(key.text));
  co_return keys;
}

asio::awaitable<Result<void>> RecordWalk::dump(std::vector<Bytes> keys, BackupBlock& page) {
  Bytes commands;
  if (!absolute_) resp::append_command(commands, {"TIME"});
  for (const Bytes& key : keys) {
    resp::append_command(commands, {"DUMP", key});
    resp::append_command(commands, {absolute_ ? "PEXPIRETIME" : "PTTL", key});
  }
  const std::size_t first = absolute_ ? 0 : 1;
  auto replies = co_await connection_.ask(std::move(commands), first + 2 * keys.size());
  if (!replies) co_return replies.error();
  const auto now = absolute_ ? std::optional<std::int64_t>(0) : millis_of(replies->front());
  if (!now) co_return refused("TIME: " + replies->front().text);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    resp::Reply& value = (*replies)[first + 2 * i];
    const resp::Reply& expiry = (*replies)[first + 2 * i + 1];
    if (value.error()) co_return refused("DUMP: " + value.text);
    if (expiry.error()) co_return refused((absolute_ ? "PEXPIRETIME: " : "PTTL: ") + expiry.text);
    if (value.null() || expiry.integer == -2) continue;  // gone since its page was read
    const std::int64_t expires = expiry.integer < 0 ? -1 : *now + expiry.integer;
    page.records.push_back({std::move(keys[i]), std::move(value.text), expires});
  }
  co_return Result<void>();
}

}  // namespace keyshift::driver
