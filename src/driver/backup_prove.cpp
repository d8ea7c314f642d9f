// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <algorithm>
#include <charconv>

#include "control/backup_fault.hpp"
#include "driver/backup.hpp"
#include "driver/backup_catalog.hpp"
#include "driver/backup_check.hpp"
#include "driver/backup_reader.hpp"
#include "driver/backup_scratch.hpp"
#include "driver/backup_store.hpp"
#include "migration/reserved_name.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::BackupFault;
using control::BackupManifest;
using control::BackupProof;
namespace {

std::uint64_t number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class Proving {
 public:
  Proving(const BackupProofOptions& options, const BackupManifest& manifest, BackupProof& proof, BackupRun& run)
      : options_(options), manifest_(manifest), proof_(proof), run_(run) {}

  asio::awaitable<Result<void>> look_at(store::Connection& server) {
    run_.begin("looking for the stamp");
    auto done = co_await count_loaded(server);
    if (!done) co_return done;
    done = co_await find_stamp(server);
    if (!done) co_return done;
    done = co_await same_store(server);
    if (!done) co_return done;
    done = enough_keys();
    if (!done || !options_.rules) co_return done;
    run_.begin("counting records", "keys", proof_.keys);
    const auto rules = co_await count_rules(server, *options_.rules, run_);
    if (!rules) co_return rules.error();
    co_return families_are_there(*rules);
  }

 private:
  asio::awaitable<Result<void>> count_loaded(store::Connection& server) {
    const auto keys = co_await count_keys(server);
    if (!keys) co_return keys.error();
    for (const auto& [database, count] : *keys) proof_.keys += count;
    std::vector<Bytes> ask{"INFO"};
    const auto info = co_await server.ask(std::move(ask));
    if (!info) co_return info.error();
    proof_.server = store::info_field(info->text, "redis_version");
    const auto expired = store::info_field(info->text, "rdb_last_load_keys_expired");
    tells_expired_ = !expired.empty();
    proof_.expired += number(expired);
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> find_stamp(store::Connection& server) {
    const auto stamps = co_await find_stamps(server);
    if (!stamps) co_return stamps.error();
    const auto ours = stamps->find(manifest_.stamp.run);
    if (ours != stamps->end()) co_return compare(ours->second);
    if (stamps->empty())
      co_return control::fail(BackupFault::before_stamp,
                              "the data holds no stamp at all, so it is older than the one "
                              "that was written for this backup");
    co_return control::fail(BackupFault::other_run, "the data holds the stamp of the run " +
                                                        printable(stamps->begin()->first, 64) + ", and none of " +
                                                        printable(manifest_.stamp.run, 64));
  }

  Result<void> compare(BytesView found) const {
    const auto stamp = control::read_stamp(found);
    if (stamp == manifest_.stamp) return {};
    if (stamp && stamp->store != manifest_.stamp.store)
      return control::fail(BackupFault::other_store, "the stamp in the data was written at another store");
    return control::fail(BackupFault::before_stamp,
                         "the data holds another stamp of this run than the one that was written for this backup");
  }

  asio::awaitable<Result<void>> same_store(store::Connection& server) {
    std::vector<Bytes> get{"GET", migration::store_id_name()};
    const auto id = co_await server.ask(std::move(get));
    if (!id) co_return id.error();
    if (id->text == manifest_.stamp.store) co_return Result<void>();
    co_return control::fail(BackupFault::other_store, "the id in the data is not that of the store it was taken of");
  }

  /// Clients write while a copy is taken, so that no count is exact: half of what was there before and behind is a
  /// bound that only something wrong goes below. The checksum says more, and the rules below.
  [[nodiscard]] Result<void> enough_keys() const {
    std::uint64_t expected = 0;
    for (const control::DatabaseKeys& each : manifest_.keys) expected += std::min(each.before, each.after);
    const std::uint64_t came = proof_.keys + proof_.expired;
    if (tells_expired_ ? came >= expected / 2 : came > 0) return {};
    return control::fail(BackupFault::keys_missing, std::to_string(came) + " keys came out, at least " +
                                                        std::to_string(expected) + " were there when it was taken");
  }

  [[nodiscard]] Result<void> families_are_there(const std::vector<control::RuleRecords>& found) const {
    for (const control::RuleRecords& taken : manifest_.rules) {
      const auto now =
          std::find_if(found.begin(), found.end(), [&](const auto& each) { return each.rule == taken.rule; });
      if (now == found.end() || now->records > 0 || taken.records == 0) continue;
      if (tells_expired_ && proof_.expired >= taken.records) continue;  // all of them may have expired since
      return control::fail(BackupFault::family_missing, "no record of the rule " + printable(taken.rule, 64) +
                                                            " is in it; " + std::to_string(taken.records) +
                                                            " were counted when it was taken");
    }
    return {};
  }

  const BackupProofOptions& options_;
  const BackupManifest& manifest_;
  BackupProof& proof_;
  BackupRun& run_;
  bool tells_expired_ = false;
};

Result<void> belongs(const BackupProofOptions& options, const BackupManifest& m) {
  if (!options.run.empty() && options.run != m.stamp.run)
    return control::fail(BackupFault::other_run, "it was taken for the run " + printable(m.stamp.run, 64) +
                                                     ", not for " + printable(options.run, 64));
  if (!options.store.empty() && options.store != m.stamp.store)
    return control::fail(BackupFault::other_store, "it was taken of another store: their ids differ");
  return {};
}

/// Puts the file of a logical backup into an empty scratch server.
asio::awaitable<Result<void>> fill_scratch(store::Connection& server, const std::string& path, BackupProof& proof,
                                           BackupRun& run) {
  auto reader = BackupReader::open(path);
  if (!reader) co_return reader.error();
  run.begin("loading the backup into a scratch redis-server", "bytes");
  RecordSink sink(server, {true, true});
  for (;;) {
    const auto block = reader->next();
    if (!block) co_return block.error();
    if (!block->has_value()) break;
    const auto put = co_await sink.put(**block);
    if (!put) co_return control::fail(BackupFault::unloadable, put.error().what);
    run.progress.done = reader->position();
  }
  proof.expired = sink.counts().expired;
  co_return co_await select_database(server, 0);
}

asio::awaitable<Result<void>> look_into(const BackupProofOptions& options, const BackupCatalog& catalog,
                                        const BackupManifest& manifest, BackupProof& proof, BackupRun& run) {
  const bool logical = manifest.provider == control::BackupProvider::logical;
  const std::string path = catalog.path(manifest.file);
  auto scratch = ScratchRedis::start(logical ? std::string() : path, manifest.databases);
  if (!scratch) co_return scratch.error();
  auto connection = co_await scratch->connect(run);
  if (!connection) co_return connection.error();
  if (logical) {
    const auto filled = co_await fill_scratch(**connection, path, proof, run);
    if (!filled) co_return filled.error();
  }
  Proving proving(options, manifest, proof, run);
  const auto looked = co_await proving.look_at(**connection);
  // A scratch server that dies under questions was not up to the file; anything else about it has a code already.
  if (!looked && control::fault_code(looked.error()).empty())
    co_return control::fail(BackupFault::unloadable, looked.error().what);
  co_return looked;
}

/// Errors that say nothing of the backup.
bool about_us(const Error& error) {
  const auto code = control::fault_code(error);
  return code == control::code(BackupFault::scratch) || code == control::code(BackupFault::interrupted);
}

}  // namespace

Result<BackupManifest> prove_backup(const BackupProofOptions& options, const BackupWatch& watch) {
  const BackupCatalog catalog(options.directory);
  auto entry = catalog.find(options.name);
  if (!entry) return entry.error();
  BackupManifest& manifest = entry->manifest;
  // Asked for something else than it is: that is no proof against it.
  if (const auto ours = belongs(options, manifest); !ours) return ours.error();
  BackupProof proof;
  BackupRun run(watch);
  auto done = check_bytes(catalog, *entry, run);
  if (done) done = run(look_into(options, catalog, manifest, proof, run));
  if (!done && about_us(done.error())) return done.error();
  proof.at = wall_clock();
  proof.by = options.actor.by;
  if (!done) {
    proof.code = control::fault_code(done.error());
    proof.detail = done.error().what;
  }
  manifest.proof = std::move(proof);
  if (const auto written = catalog.write(manifest); !written) return written.error();
  return std::move(manifest);
}

}  // namespace keyshift::driver
