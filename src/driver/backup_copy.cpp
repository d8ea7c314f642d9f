// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/backup_copy.hpp"

#include "control/backup_fault.hpp"
#include "control/backup_stream.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupFault;
namespace {

/// Silence that a replica bears, too (repl-timeout): the server sends something at least every second but while it
/// forks or reads from a slow disk.
constexpr Duration kSilence = seconds(60);
constexpr std::size_t kRoom = 256 * 1024;

Error lost(const std::string& where, const Error& why, std::uint64_t bytes) {
  return control::fail(BackupFault::connection,
                       where + ": " + why.what + " (behind " + std::to_string(bytes) + " bytes of the copy)");
}

/// Every RDB begins so; Valkey has a word of its own since 9.0.
bool is_rdb(BytesView head) noexcept { return head.starts_with("REDIS") || head.starts_with("VALKEY"); }

}  // namespace

asio::awaitable<Result<void>> copy_rdb(store::Url url, store::ConnectOptions options, BackupOutput& output,
                                       control::BackupManifest& manifest, BackupRun& run) {
  run.begin("waiting for the server to copy itself", "bytes");
  const std::string where = url.printed();
  auto connection = co_await store::Connection::open(run.executor(), std::move(url), std::move(options));
  if (!connection) co_return connection.error();
  Bytes commands;  // servers that do not know one of them say so, and go on
  resp::append_command(commands, {"REPLCONF", "capa", "eof"});
  resp::append_command(commands, {"REPLCONF", "rdb-only", "1"});
  const auto settled = co_await (*connection)->ask(std::move(commands), 2);
  if (!settled) co_return lost(where, settled.error(), 0);
  store::Stream stream = (*connection)->release();
  Bytes psync;
  resp::append_command(psync, {"PSYNC", "?", "-1"});
  const auto sent = co_await stream.write(psync, kSilence);
  if (!sent) co_return lost(where, sent.error(), 0);

  control::BackupStream rdb;
  Bytes head, room(kRoom, '\0');
  while (!rdb.whole()) {
    const auto read = co_await stream.read(room.data(), room.size(), kSilence);
    if (!read) co_return lost(where, read.error(), output.bytes());
    const auto bytes = rdb.feed(BytesView(room).substr(0, *read));
    if (!bytes) co_return bytes.error();
    if (bytes->empty()) continue;
    if (output.bytes() == 0) run.begin("copying", "bytes", rdb.announced());
    if (head.size() < 6) head.append(bytes->substr(0, 6));
    const auto written = output.write(*bytes);
    if (!written) co_return written.error();
    run.progress.done = output.bytes();
  }
  if (!is_rdb(head)) co_return control::fail(BackupFault::stream, "what the server sent is no RDB");
  manifest.replication_id = rdb.replication_id();
  manifest.replication_offset = rdb.offset();
  co_return Result<void>();
}

}  // namespace keyshift::driver
