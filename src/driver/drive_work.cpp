// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/drive_work.hpp"

#include <boost/asio/io_context.hpp>

#include "driver/backup_catalog.hpp"
#include "driver/backup_store.hpp"
#include "driver/io_wait.hpp"
#include "driver/run_check.hpp"

namespace keyshift::driver {
namespace {

using control::DriveTask;

RunCheck check_of(DriveTask task) noexcept {
  return task == DriveTask::rehearse ? RunCheck::rehearsal
         : task == DriveTask::verify ? RunCheck::verify
                                     : RunCheck::way_back;
}

/// What was found; an error: it could not be looked at.
Result<std::string> look(const DriveOptions& options, RunCheck check, const control::Change& cur, const MeantRun& run,
                         const std::atomic<bool>& stopping) {
  boost::asio::io_context io(1);
  FleetOptions fleet;
  fleet.upstream = options.upstream;
  fleet.name = options.actor.name;
  FleetStore store(io.get_executor(), std::move(fleet));
  RunCheckOptions how{options.upstream, options.actor.name, options.actor.by, true,
                      [&stopping](const control::VerifyReport&) { return !stopping.load(); }};
  const auto report = wait_for(io, check_run(store, std::move(how), cur, run, check), [] { return false; });
  if (!report) return report.error();
  return std::to_string(report->scanned) + " keys looked at, " + std::to_string(report->stable + report->unconfirmed) +
         " differences";
}

Result<std::string> back_up(const DriveOptions& options, const MeantRun& run, const std::atomic<bool>& stopping) {
  const BackupWatch watch = [&stopping](const BackupProgress&) { return !stopping.load(); };
  const auto rules = std::make_shared<const transforms::RuleSet>(run.spec);
  const std::string& directory = run.spec.backup.directory;
  const auto provider = control::backup_provider_of(run.spec.backup.provider);
  const BackupOptions taking{options.upstream, directory, run.entry.name, *provider, rules, options.actor};
  const auto made = create_backup(taking, watch);
  if (!made) return made.error();
  const BackupProofOptions proving{directory, made->name, run.entry.name, {}, rules, options.actor};
  const auto proven = prove_backup(proving, watch);
  if (!proven) return proven.error();
  if (!proven->proven()) return fail(ErrorCode::store, made->name + " is not proven: " + proven->proof->detail);
  const auto removed = retain_backups(BackupCatalog(directory), {options.keep, milliseconds(0)}, wall_clock());
  if (!removed) return removed.error();
  return made->name + " is proven" + (removed->empty() ? "" : ", " + std::to_string(removed->size()) + " removed");
}

}  // namespace

DriveWork::~DriveWork() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void DriveWork::begin(DriveTask task, const control::Change& cur, const MeantRun& run) {
  thread_ = std::thread([this, task, cur, run] { carry(task, cur, run); });
}

void DriveWork::carry(DriveTask task, const control::Change& cur, const MeantRun& run) {
  End end{run.entry.id, run.entry.name, task, {wall_clock(), {}}, false, {}};
  const auto done = task == DriveTask::backup ? back_up(options_, run, stopping_)
                                              : look(options_, check_of(task), cur, run, stopping_);
  end.attempt.ended = wall_clock();
  end.fine = done.has_value();
  end.detail = done ? *done : done.error().what;
  const std::lock_guard lock(mutex_);
  end_ = std::move(end);
}

std::optional<DriveWork::End> DriveWork::ended() {
  std::optional<End> out;
  {
    const std::lock_guard lock(mutex_);
    out.swap(end_);
  }
  if (out) thread_.join();
  return out;
}

}  // namespace keyshift::driver
