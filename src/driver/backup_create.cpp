// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <algorithm>
#include <ctime>

#include "control/backup_fault.hpp"
#include "driver/backup.hpp"
#include "driver/backup_catalog.hpp"
#include "driver/backup_copy.hpp"
#include "driver/backup_output.hpp"
#include "driver/backup_store.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupFault;
using control::BackupManifest;
namespace {

/// What of a run's name is fit for a file.
std::string file_word(std::string_view run) {
  std::string out;
  for (const char c : run.substr(0, 48)) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    out += fine ? c : '_';
  }
  return out;
}

/// "<run>-20261121T172055.123Z"
std::string name_of(const BackupOptions& options, UnixMillis begun) {
  const std::time_t at = std::chrono::system_clock::to_time_t(begun);
  std::tm utc{};
  ::gmtime_r(&at, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &utc);
  std::string millis = std::to_string(1000 + begun.time_since_epoch().count() % 1000);
  return file_word(options.run) + "-" + text + "." + millis.substr(1) + "Z";
}

store::ConnectOptions connect_options(const BackupOptions& options) {
  store::ConnectOptions out;
  out.name = "keyshift:" + options.actor.name + ":none";
  out.database = 0;
  out.request_limit = seconds(30);
  return out;
}

/// Databases that are not named have no keys. A server that does not tell how many it has, has at least those.
void note(BackupManifest& manifest, const std::map<int, std::uint64_t>& counted,
          std::uint64_t control::DatabaseKeys::* when) {
  auto& keys = manifest.keys;
  for (const auto& [database, count] : counted) {
    manifest.databases = std::max(manifest.databases, database + 1);
    auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& each) { return each.database == database; });
    if (found == keys.end()) found = keys.insert(keys.end(), {database, 0, 0});
    (*found).*when = count;
  }
}

class Creation {
 public:
  Creation(const BackupOptions& options, BackupRun& run) : options_(options), run_(run) {
    manifest_.begun = wall_clock();
    manifest_.name = name_of(options, manifest_.begun);
    manifest_.provider = options.provider;
    manifest_.file = manifest_.name + ".rdb";
    manifest_.stamp.run = options.run;
    manifest_.taken_by = options.actor.by;
    manifest_.version = options.actor.version;
  }

  asio::awaitable<Result<BackupManifest>> carry() {
    const auto begun = co_await begin();
    if (!begun) co_return begun.error();
    const BackupCatalog catalog(options_.directory);
    auto output = BackupOutput::create(catalog.path(manifest_.file));
    if (!output) co_return output.error();
    const auto copied = co_await copy_rdb(options_.upstream, connect_options(options_), *output, manifest_, run_);
    if (!copied) co_return copied.error();
    const auto counted = co_await count(&control::DatabaseKeys::after);
    if (!counted) co_return counted.error();
    manifest_.bytes = output->bytes();
    manifest_.sha256 = output->sha256();
    manifest_.ended = wall_clock();
    const auto finished = output->finish();
    if (!finished) co_return finished.error();
    const auto written = catalog.write(manifest_);
    if (!written) {  // without a manifest it is nothing
      static_cast<void>(catalog.remove(manifest_));
      co_return written.error();
    }
    co_return manifest_;
  }

 private:
  /// Everything that comes before the copy: the stamp last, so that what was counted is in the copy, too.
  asio::awaitable<Result<void>> begin() {
    run_.begin("asking the server");
    auto opened = co_await store::Connection::open(run_.executor(), options_.upstream, connect_options(options_));
    if (!opened) co_return opened.error();
    store::Connection& connection = **opened;
    if (connection.role() == store::Role::replica)
      co_return control::fail(BackupFault::stamp_refused,
                              options_.upstream.printed() + " is a replica: give its primary, where the stamp goes");
    auto done = co_await describe_server(connection, manifest_);
    if (!done) co_return done;
    if (options_.rules) {
      run_.begin("counting records", "keys");
      auto rules = co_await count_rules(connection, *options_.rules, run_);
      if (!rules) co_return rules.error();
      manifest_.rules = std::move(*rules);
    }
    done = co_await write_stamp(connection, manifest_);
    if (!done) co_return done;
    const auto keys = co_await count_keys(connection);
    if (!keys) co_return keys.error();
    note(manifest_, *keys, &control::DatabaseKeys::before);
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> count(std::uint64_t control::DatabaseKeys::* when) {
    auto opened = co_await store::Connection::open(run_.executor(), options_.upstream, connect_options(options_));
    if (!opened) co_return opened.error();
    const auto keys = co_await count_keys(**opened);
    if (!keys) co_return keys.error();
    note(manifest_, *keys, when);
    co_return Result<void>();
  }

  const BackupOptions& options_;
  BackupRun& run_;
  BackupManifest manifest_;
};

}  // namespace

Result<BackupManifest> create_backup(const BackupOptions& options, const BackupWatch& watch) {
  BackupRun run(watch);
  Creation creation(options, run);
  auto created = run(creation.carry());
  // A server that vanishes is one thing to who asked for a backup, wherever it was under way.
  if (!created && created.error().code == ErrorCode::upstream && control::fault_code(created.error()).empty())
    return control::fail(BackupFault::connection, created.error().what);
  return created;
}

}  // namespace keyshift::driver
