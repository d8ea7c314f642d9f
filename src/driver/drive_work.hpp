#pragma once
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "control/drive.hpp"
#include "driver/drive.hpp"
#include "driver/run_facts.hpp"

namespace keyshift::driver {

/// The one piece of work of a drive that takes long, in a thread of its own with connections of its own.
class DriveWork {
 public:
  struct End {
    Bytes run;  ///< its id
    std::string run_name;
    control::DriveTask task;
    control::DriveAttempt attempt;
    bool fine = false;
    std::string detail;
  };

  explicit DriveWork(const DriveOptions& options) : options_(options) {}
  /// Stops it, and waits for it: a moment, or the time limit of a request.
  ~DriveWork();
  DriveWork(const DriveWork&) = delete;
  DriveWork& operator=(const DriveWork&) = delete;

  [[nodiscard]] bool idle() const noexcept { return !thread_.joinable(); }
  /// Only while idle().
  void begin(control::DriveTask task, const control::Change& cur, const MeantRun& run);
  /// What has ended since it was last asked.
  std::optional<End> ended();

 private:
  void carry(control::DriveTask task, const control::Change& cur, const MeantRun& run);

  const DriveOptions& options_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::optional<End> end_;  ///< guarded by mutex_
};

}  // namespace keyshift::driver
