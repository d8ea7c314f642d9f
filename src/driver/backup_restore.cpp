// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "control/backup_fault.hpp"
#include "control/client_line.hpp"
#include "control/connection_name.hpp"
#include "control/control_record.hpp"
#include "driver/backup.hpp"
#include "driver/backup_check.hpp"
#include "driver/backup_reader.hpp"
#include "driver/backup_records.hpp"
#include "driver/backup_scratch.hpp"
#include "driver/backup_store.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupFault;
using control::BackupManifest;
namespace {

/// What of a record forbids to change the data under it; empty: nothing.
std::string trouble_of_record(const resp::Reply& fields) {
  if (fields.error()) return "whether it has a control record could not be asked: " + fields.text;
  std::vector<BytesView> views;
  for (const resp::Reply& field : fields.elements) views.emplace_back(field.text);
  const auto record = control::read_record(views);
  if (!record) return record.error().what;
  if (!*record || ((*record)->cur.runs.empty() && (*record)->settled())) return {};
  std::string names;
  for (const control::RunEntry& run : (*record)->cur.runs) names += (names.empty() ? "" : ", ") + run.name;
  return "it has a control record" + (names.empty() ? " that is being changed" : " with runs: " + printable(names));
}

/// The same of who is connected.
std::string trouble_of_clients(std::string_view clients) {
  for (const control::ClientFields& client : control::every_client(clients)) {
    const auto name = control::connection_name_of(client.name);
    if (name && (name->carries == control::Carries::records || name->carries == control::Carries::free))
      return "the proxy " + printable(name->proxy, 64) + " is connected to it";
  }
  return {};
}

class Restoration {
 public:
  Restoration(const RestoreOptions& options, const BackupCatalog& catalog, const BackupManifest& manifest,
              BackupRun& run)
      : options_(options), catalog_(catalog), manifest_(manifest), run_(run) {}

  asio::awaitable<Result<RestoreCounts>> carry() {
    run_.begin("asking the target");
    store::ConnectOptions how;
    // Not one of the names that may carry records: whoever looks for clients past the proxies shall see it.
    how.name = "keyshift-restore:" + options_.actor.name;
    how.database = 0;
    how.request_limit = seconds(120);
    auto target = co_await store::Connection::open(run_.executor(), options_.target, how);
    if (!target) co_return target.error();
    const auto fit = co_await may_fill(**target);
    if (!fit) co_return fit.error();
    RecordSink sink(**target, {options_.replace || !options_.force, options_.control_keys});
    auto done = Result<void>();
    if (manifest_.provider == control::BackupProvider::rdb) {
      done = co_await by_scratch(**target, sink);
    } else {
      done = co_await by_file(sink);
    }
    if (!done) co_return done.error();
    co_return sink.counts();
  }

 private:
  /// Under proxies or a run, records that come from the past would be a change that no flip knows of.
  asio::awaitable<Result<void>> not_live(store::Connection& target) {
    Bytes commands;
    resp::append_command(commands, {"HGETALL", migration::control_record_name()});
    resp::append_command(commands, {"CLIENT", "LIST"});
    const auto replies = co_await target.ask(std::move(commands), 2);
    if (!replies) co_return replies.error();
    std::string why = trouble_of_record(replies->at(0));
    if (why.empty() && replies->at(1).textual() && !replies->at(1).error())
      why = trouble_of_clients(replies->at(1).text);
    if (why.empty()) co_return Result<void>();
    co_return control::fail(BackupFault::target_live, options_.target.printed() + ": " + why +
                                                          ". Restore into another server, or first end the runs "
                                                          "(keyshift abort, forget) and the proxies");
  }

  asio::awaitable<Result<void>> may_fill(store::Connection& target) {
    if (target.role() == store::Role::replica)
      co_return control::fail(BackupFault::restore_refused, options_.target.printed() + " is a replica");
    const auto quiet = co_await not_live(target);
    if (!quiet) co_return quiet.error();
    const auto keys = co_await count_keys(target);
    if (!keys) co_return keys.error();
    std::uint64_t sum = 0;
    for (const auto& [database, count] : *keys) sum += count;
    if (sum == 0 || options_.force) co_return Result<void>();
    co_return control::fail(BackupFault::target_not_empty, options_.target.printed() + " has " + std::to_string(sum) +
                                                               " keys; --force restores all the same, and replaces "
                                                               "keys that are there only with --replace");
  }

  asio::awaitable<Result<void>> by_file(RecordSink& sink) {
    auto reader = BackupReader::open(catalog_.path(manifest_.file));
    if (!reader) co_return reader.error();
    run_.begin("restoring", "bytes", manifest_.bytes);
    for (;;) {
      const auto block = reader->next();
      if (!block) co_return block.error();
      if (!block->has_value()) co_return Result<void>();
      const auto put = co_await sink.put(**block);
      if (!put) co_return put.error();
      run_.progress.done = reader->position();
    }
  }

  asio::awaitable<Result<void>> by_scratch(store::Connection& target, RecordSink& sink) {
    auto scratch = ScratchRedis::start(catalog_.path(manifest_.file), manifest_.databases);
    if (!scratch) co_return scratch.error();
    auto source = co_await scratch->connect(run_);
    if (!source) co_return source.error();
    const auto keys = co_await count_keys(**source);
    if (!keys) co_return keys.error();
    const auto functions = co_await copy_functions(**source, target);
    if (!functions) co_return functions.error();
    std::vector<int> databases;
    std::uint64_t total = 0;
    for (const auto& [database, count] : *keys) {
      databases.push_back(database);
      total += count;
    }
    run_.begin("restoring", "keys", total);
    RecordWalk walk(**source, std::move(databases));
    control::BackupBlock page;
    for (;;) {
      const auto more = co_await walk.next(page);
      if (!more) co_return more.error();
      if (!*more) co_return Result<void>();
      const auto put = co_await sink.put(page);
      if (!put) co_return put.error();
      run_.progress.done += page.records.size();
    }
  }

  /// Libraries of functions (7.0) lie in an RDB beside the keys.
  asio::awaitable<Result<void>> copy_functions(store::Connection& source, store::Connection& target) {
    std::vector<Bytes> list{"FUNCTION", "LIST"};
    const auto there = co_await source.ask(std::move(list));
    if (!there) co_return there.error();
    if (there->error() || there->elements.empty()) co_return Result<void>();
    std::vector<Bytes> dump{"FUNCTION", "DUMP"};
    const auto libraries = co_await source.ask(std::move(dump));
    if (!libraries) co_return libraries.error();
    std::vector<Bytes> restore{"FUNCTION", "RESTORE", libraries->text};
    if (options_.replace || !options_.force) restore.emplace_back("REPLACE");
    const auto restored = co_await target.ask(std::move(restore));
    if (!restored) co_return restored.error();
    if (restored->error()) co_return control::fail(BackupFault::restore_refused, "functions: " + restored->text);
    co_return Result<void>();
  }

  const RestoreOptions& options_;
  const BackupCatalog& catalog_;
  const BackupManifest& manifest_;
  BackupRun& run_;
};

}  // namespace

Result<RestoreCounts> restore_backup(const RestoreOptions& options, const BackupWatch& watch) {
  const BackupCatalog catalog(options.directory);
  const auto entry = catalog.find(options.name);
  if (!entry) return entry.error();
  BackupRun run(watch);
  if (const auto whole = check_bytes(catalog, *entry, run); !whole) return whole.error();
  Restoration restoration(options, catalog, entry->manifest, run);
  return run(restoration.carry());
}

}  // namespace keyshift::driver
