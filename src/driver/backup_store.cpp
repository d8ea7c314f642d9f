// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/backup_store.hpp"

#include <charconv>
#include <random>

#include "control/backup_fault.hpp"
#include "migration/reserved_name.hpp"
#include "migration/scan_page.hpp"
#include "resp/encode.hpp"
#include "resp/number.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupFault;
namespace {

constexpr int kPlainDatabases = 16;  // Redis' own default

/// "db0:keys=12,expires=3,avg_ttl=0" lines of INFO keyspace.
std::map<int, std::uint64_t> read_keyspace(std::string_view info) {
  std::map<int, std::uint64_t> out;
  while (!info.empty()) {
    const auto end = info.find('\n');
    std::string_view line = info.substr(0, end);
    info = end == info.npos ? std::string_view() : info.substr(end + 1);
    constexpr std::string_view keys = ":keys=";
    const auto at = line.find(keys);
    if (!line.starts_with("db") || at == line.npos) continue;
    int database = 0;
    std::uint64_t count = 0;
    std::from_chars(line.data() + 2, line.data() + at, database);
    std::from_chars(line.data() + at + keys.size(), line.data() + line.size(), count);
    out[database] = count;
  }
  return out;
}

/// Which rule each key of a page belongs to. False: no page of SCAN.
bool count_page(BytesView reply, const transforms::RuleSet& rules, std::vector<control::RuleRecords>& out,
                std::uint64_t& cursor, std::uint64_t& seen) {
  migration::ScanPage page;
  if (!page.open(reply)) return false;
  BytesView key;
  while (page.next(key)) {
    ++seen;
    if (const auto match = rules.match(key); match.rule >= 0) ++out[static_cast<std::size_t>(match.rule)].records;
  }
  cursor = page.cursor();
  return !page.damaged();
}

}  // namespace

asio::awaitable<Result<void>> select_database(store::Connection& connection, int database) {
  std::vector<Bytes> select{"SELECT", std::to_string(database)};
  const auto reply = co_await connection.ask(std::move(select));
  if (!reply) co_return reply.error();
  if (reply->error()) co_return control::fail(BackupFault::scan_refused, "SELECT: " + reply->text);
  co_return Result<void>();
}

Bytes random_hex() {
  std::random_device source;
  static constexpr char hex[] = "0123456789abcdef";
  Bytes word;
  for (int i = 0; i < 32; ++i) word += hex[source() & 15u];
  return word;
}

UnixMillis wall_clock() { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); }

asio::awaitable<Result<void>> describe_server(store::Connection& connection, control::BackupManifest& out) {
  const auto info = co_await store::ask_info(connection);
  if (!info) co_return info.error();
  out.server_run_id = info->identity.run_id;
  out.server_version = info->version;
  Bytes commands;
  resp::append_command(commands, {"CONFIG", "GET", "databases"});
  resp::append_command(commands, {"SET", migration::store_id_name(), random_hex(), "NX"});
  resp::append_command(commands, {"GET", migration::store_id_name()});
  const auto replies = co_await connection.ask(std::move(commands), 3);
  if (!replies) co_return replies.error();
  const resp::Reply& databases = replies->at(0);  // many managed servers refuse CONFIG
  const auto count = databases.elements.size() == 2 ? resp::read_integer(databases.elements[1].text) : std::nullopt;
  out.databases = count && *count > 0 && *count < 1'000'000 ? static_cast<int>(*count) : kPlainDatabases;
  const resp::Reply& id = replies->at(2);
  if (id.error() || id.null())
    co_return control::fail(BackupFault::stamp_refused,
                            "the store's id, " + migration::store_id_name() +
                                ", can be neither read nor written: " + (id.error() ? id.text : replies->at(1).text));
  out.stamp.store = id.text;
  co_return Result<void>();
}

asio::awaitable<Result<void>> write_stamp(store::Connection& connection, control::BackupManifest& out) {
  out.stamp.word = random_hex();
  out.stamp.written = wall_clock();
  const Bytes name = migration::stamp_name(out.stamp.run);
  std::vector<Bytes> set{"SET", name, control::encode(out.stamp)};
  const auto reply = co_await connection.ask(std::move(set));
  if (!reply) co_return reply.error();
  if (reply->error()) co_return control::fail(BackupFault::stamp_refused, name + ": " + reply->text);
  co_return Result<void>();
}

asio::awaitable<Result<bool>> has_stamp(store::Connection& connection, const control::BackupStamp& stamp) {
  std::vector<Bytes> get{"GET", migration::stamp_name(stamp.run)};
  const auto reply = co_await connection.ask(std::move(get));
  if (!reply) co_return reply.error();
  co_return !reply->error() && reply->text == control::encode(stamp);
}

asio::awaitable<Result<std::map<int, std::uint64_t>>> count_keys(store::Connection& connection) {
  std::vector<Bytes> info{"INFO", "keyspace"};
  const auto reply = co_await connection.ask(std::move(info));
  if (!reply) co_return reply.error();
  if (reply->error()) co_return keyshift::fail(ErrorCode::store, "INFO keyspace was refused: " + reply->text);
  co_return read_keyspace(reply->text);
}

asio::awaitable<Result<std::vector<control::RuleRecords>>> count_rules(store::Connection& connection,
                                                                       const transforms::RuleSet& rules,
                                                                       BackupRun& run) {
  std::vector<control::RuleRecords> out;
  for (const transforms::Rule& rule : rules.rules()) out.push_back({rule.name, 0});
  auto selected = co_await select_database(connection, rules.database());
  if (!selected) co_return selected.error();
  std::uint64_t cursor = 0;
  do {
    Bytes scan;
    resp::append_command(scan, {"SCAN", std::to_string(cursor), "COUNT", "1000"});
    const auto sent = co_await connection.send(scan, 1);
    if (!sent) co_return sent.error();
    for (;;) {
      const auto raw = connection.take();
      if (!raw) co_return raw.error();
      if (raw->has_value()) {
        if (!count_page(**raw, rules, out, cursor, run.progress.done))
          co_return control::fail(BackupFault::scan_refused, "SCAN: " + printable(**raw, 120));
        break;
      }
      const auto filled = co_await connection.fill();
      if (!filled) co_return filled.error();
    }
  } while (cursor != 0);
  selected = co_await select_database(connection, 0);
  if (!selected) co_return selected.error();
  co_return out;
}

asio::awaitable<Result<std::map<std::string, Bytes>>> find_stamps(store::Connection& connection) {
  const Bytes prefix = migration::stamp_name("");
  std::map<std::string, Bytes> out;
  Bytes cursor = "0";
  do {
    std::vector<Bytes> scan{"SCAN", cursor, "MATCH", prefix + "*", "COUNT", "10000"};
    const auto page = co_await connection.ask(std::move(scan));
    if (!page) co_return page.error();
    if (page->elements.size() != 2) co_return control::fail(BackupFault::scan_refused, "SCAN: " + page->text);
    cursor = page->elements[0].text;
    for (const resp::Reply& key : page->elements[1].elements) {
      if (!key.text.starts_with(prefix)) continue;
      std::vector<Bytes> get{"GET", key.text};
      const auto value = co_await connection.ask(std::move(get));
      if (!value) co_return value.error();
      out[key.text.substr(prefix.size())] = value->error() ? Bytes() : value->text;
    }
  } while (cursor != "0");
  co_return out;
}

}  // namespace keyshift::driver
