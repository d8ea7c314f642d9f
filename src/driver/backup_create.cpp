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
#include "driver/backup_logical.hpp"
#include "driver/backup_mark.hpp"
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
  out.reply_bytes = std::size_t{2} << 30;  // a page of values that are dumped
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

std::string what_came_of(const Result<BackupManifest>& made) {
  return made ? "took " + made->name : "failed: " + printable(made.error().what, 500);
}

class Creation {
 public:
  Creation(const BackupOptions& options, BackupRun& run) : options_(options), catalog_(options.directory), run_(run) {
    manifest_.begun = wall_clock();
    manifest_.name = name_of(options, manifest_.begun);
    manifest_.provider = options.provider;
    const bool rdb = options.provider == control::BackupProvider::rdb;
    manifest_.file = manifest_.name + (rdb ? ".rdb" : std::string(kLogicalExtension));
    manifest_.stamp.run = options.run;
    manifest_.taken_by = options.actor.by;
    manifest_.version = options.actor.version;
  }

  asio::awaitable<Result<BackupManifest>> carry() {
    run_.begin("asking the server");
    auto opened = co_await store::Connection::open(run_.executor(), options_.upstream, connect_options(options_));
    if (!opened) co_return opened.error();
    store::Connection& connection = **opened;
    if (connection.role() == store::Role::replica)
      co_return control::fail(BackupFault::stamp_refused,
                              options_.upstream.printed() + " is a replica: give its primary, where the stamp goes");
    const auto described = co_await describe_server(connection, manifest_);
    if (!described) co_return described.error();
    auto mark = co_await BackupMark::set(options_, connect_options(options_), run_);
    if (!mark) co_return mark.error();
    auto made = Result<BackupManifest>(manifest_);
    if (options_.provider == control::BackupProvider::logical) {
      made = co_await carry_logical(connection);
    } else {
      made = co_await carry_rdb(connection);
    }
    std::string what = what_came_of(made);  // g++ 12 frees twice what a choice within co_await makes
    co_await mark->clear(std::move(what));
    co_return made;
  }

 private:
  asio::awaitable<Result<BackupManifest>> carry_rdb(store::Connection& connection) {
    const auto prepared = co_await prepare(connection);
    if (!prepared) co_return prepared.error();
    auto output = BackupOutput::create(catalog_.path(manifest_.file));
    if (!output) co_return output.error();
    const auto copied = co_await copy_rdb(options_.upstream, connect_options(options_), *output, manifest_, run_);
    if (!copied) co_return copied.error();
    co_return co_await finish(*output);
  }

  asio::awaitable<Result<BackupManifest>> carry_logical(store::Connection& connection) {
    auto unfinished = find_unfinished(catalog_, manifest_);
    if (unfinished) {
      const auto stamped = co_await has_stamp(connection, unfinished->manifest.stamp);
      if (!stamped) co_return stamped.error();
      if (*stamped) {
        manifest_ = std::move(unfinished->manifest);
        const auto copied = co_await copy_records(connection, manifest_, &unfinished->last, unfinished->records,
                                                  unfinished->output, run_);
        if (!copied) co_return copied.error();
        co_return co_await finish(unfinished->output);
      }
      unfinished->output.discard();  // its stamp was replaced: nothing could prove it
      unfinished.reset();
    }
    const auto prepared = co_await prepare(connection);
    if (!prepared) co_return prepared.error();
    auto output = BackupOutput::create(catalog_.path(manifest_.file));
    if (!output) co_return output.error();
    output->keep();
    const auto copied = co_await copy_records(connection, manifest_, nullptr, 0, *output, run_);
    if (!copied) co_return copied.error();
    co_return co_await finish(*output);
  }

  asio::awaitable<Result<BackupManifest>> finish(BackupOutput& output) {
    const auto counted = co_await count(&control::DatabaseKeys::after);
    if (!counted) co_return counted.error();
    manifest_.bytes = output.bytes();
    manifest_.sha256 = output.sha256();
    manifest_.ended = wall_clock();
    const auto finished = output.finish();
    if (!finished) co_return finished.error();
    const auto written = catalog_.write(manifest_);
    if (written) co_return manifest_;
    static_cast<void>(catalog_.remove(manifest_));  // without a manifest it is nothing
    co_return written.error();
  }

  /// Everything that comes before the copy: the stamp last, so that what was counted is in the copy, too.
  asio::awaitable<Result<void>> prepare(store::Connection& connection) {
    if (options_.rules) {
      run_.begin("counting records", "keys");
      auto rules = co_await count_rules(connection, *options_.rules, run_);
      if (!rules) co_return rules.error();
      manifest_.rules = std::move(*rules);
    }
    const auto done = co_await write_stamp(connection, manifest_);
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
  BackupCatalog catalog_;
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
