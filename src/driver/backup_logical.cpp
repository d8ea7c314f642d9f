// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/backup_logical.hpp"

#include <filesystem>
#include <utility>

#include "control/backup_fault.hpp"
#include "driver/backup_reader.hpp"
#include "driver/backup_records.hpp"
#include "driver/backup_store.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using control::BackupBlock;
using control::BackupManifest;
namespace {

/// How far a part got.
struct Part {
  BackupManifest manifest;
  BackupBlock last;
  std::uint64_t records = 0, position = 0;
  Sha256 digest;
  bool ended = false;
};

std::optional<Part> read_part(const std::string& path) {
  auto reader = BackupReader::open(path);
  if (!reader) return std::nullopt;
  Part out;
  auto block = reader->next();
  if (!block || !*block || (*block)->kind != BackupBlock::Kind::header) return std::nullopt;
  auto manifest = control::read_manifest((*block)->text);
  if (!manifest) return std::nullopt;
  out.manifest = std::move(*manifest);
  while (block && *block && !out.ended) {
    out.last = std::move(**block);
    out.records += out.last.records.size();
    out.last.records.clear();
    out.ended = out.last.kind == BackupBlock::Kind::end;
    block = reader->next();
  }
  out.position = reader->position();
  out.digest = reader->digest();
  return out;
}

bool same_life(const BackupManifest& a, const BackupManifest& b) {
  return a.server_run_id == b.server_run_id && !a.server_run_id.empty();
}

}  // namespace

std::optional<UnfinishedBackup> find_unfinished(const BackupCatalog& catalog, const BackupManifest& wanted) {
  std::optional<UnfinishedBackup> out;
  std::error_code code;
  for (fs::directory_iterator at(catalog.directory(), code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() != ".part" || at->path().stem().extension() != kLogicalExtension) continue;
    auto part = read_part(at->path().string());
    const std::string file = at->path().stem().string();
    if (!part || part->manifest.file != file || part->manifest.stamp.run != wanted.stamp.run ||
        part->manifest.stamp.store != wanted.stamp.store)
      continue;
    auto output = BackupOutput::resume(catalog.path(file), part->position, part->digest);
    if (!output) continue;  // somebody is at work on it
    if (out || part->ended || !same_life(part->manifest, wanted)) {
      output->discard();
      continue;
    }
    out.emplace(UnfinishedBackup{std::move(part->manifest), std::move(part->last), part->records, std::move(*output)});
  }
  return out;
}

asio::awaitable<Result<void>> copy_records(store::Connection& connection, const BackupManifest& manifest,
                                           const BackupBlock* last, std::uint64_t records, BackupOutput& output,
                                           BackupRun& run) {
  const auto keys = co_await count_keys(connection);
  if (!keys) co_return keys.error();
  std::vector<int> databases;
  std::uint64_t expected = 0;
  for (const auto& [database, count] : *keys) {
    databases.push_back(database);
    expected += count;
  }
  run.begin("copying", "keys", expected);
  RecordWalk walk(connection, std::move(databases));
  Bytes out;
  if (last != nullptr && last->kind == BackupBlock::Kind::records) walk.resume_behind(*last);
  if (last == nullptr) {
    out = control::kBlocksHead;
    BackupBlock header;
    header.kind = BackupBlock::Kind::header;
    header.text = control::encode(manifest);
    control::append_block(out, header);
  }
  BackupBlock page;
  for (bool more = true; more;) {
    const auto written = output.write(out);
    if (!written) co_return written.error();
    const auto next = co_await walk.next(page);
    if (!next) co_return next.error();
    more = *next;
    out.clear();
    if (more) control::append_block(out, page);
    records += page.records.size();
    run.progress.done = records;
  }
  BackupBlock end;
  end.kind = BackupBlock::Kind::end;
  end.total = records;
  control::append_block(out, end);
  co_return output.write(out);
}

}  // namespace keyshift::driver
