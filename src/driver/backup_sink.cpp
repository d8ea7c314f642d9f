// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/backup_sink.hpp"

#include <algorithm>

#include "control/backup_fault.hpp"
#include "driver/backup_store.hpp"
#include "migration/reserved_keys.hpp"
#include "resp/encode.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupFault;
using control::BackupRecord;
namespace {

/// A record that lost a conflict is the app's, under a name of ours.
bool quarantined(BytesView key) noexcept {
  for (const auto kind : {migration::ReservedKey::quarantine, migration::ReservedKey::quarantined}) {
    const auto rest = key.substr(std::min(key.size(), transforms::kReservedPrefix.size()));
    const auto word = migration::reserved_key_row(kind).kind;
    if (rest.starts_with(word) && rest.substr(word.size()).starts_with(":{")) return true;
  }
  return false;
}

}  // namespace

bool RecordSink::left_out(BytesView key) const noexcept {
  return !how_.control_keys && transforms::reserved(key) && !quarantined(key);
}

asio::awaitable<Result<void>> RecordSink::put(const control::BackupBlock& page) {
  if (page.database != database_) {
    const auto selected = co_await select_database(target_, page.database);
    if (!selected) co_return selected.error();
    database_ = page.database;
  }
  const std::int64_t now = wall_clock().time_since_epoch().count();
  Bytes commands;
  std::vector<const BackupRecord*> sent;
  for (const BackupRecord& record : page.records) {
    const bool expired = record.expires >= 0 && record.expires <= now;
    if (expired) ++counts_.expired;
    if (!expired && left_out(record.key)) ++counts_.control;
    if (expired || left_out(record.key)) continue;
    const std::string expires = std::to_string(std::max<std::int64_t>(record.expires, 0));
    std::vector<BytesView> argv{"RESTORE", record.key, expires, record.dump, "ABSTTL"};
    if (how_.replace) argv.emplace_back("REPLACE");
    resp::append_command(commands, argv);
    sent.push_back(&record);
  }
  if (sent.empty()) co_return Result<void>();
  const auto replies = co_await target_.ask(std::move(commands), sent.size());
  if (!replies) co_return replies.error();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const resp::Reply& reply = (*replies)[i];
    if (!reply.error()) {
      ++counts_.restored;
    } else if (reply.error_is("BUSYKEY")) {
      ++counts_.kept;
    } else {
      co_return control::fail(BackupFault::restore_refused, printable(sent[i]->key) + ": " + reply.text);
    }
  }
  co_return Result<void>();
}

}  // namespace keyshift::driver
