#pragma once
#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "driver/backup_run.hpp"
#include "store/connection.hpp"
#include "store/url.hpp"

namespace keyshift::driver {

/// A redis-server of our own, to look at a backup: the first one in PATH, on a unix socket in a new directory that only
/// this user may enter, without persistence. It ends with this object, or with the thread that started it.
class ScratchRedis {
 public:
  /// `rdb`: a file that it loads; empty: it begins empty. `databases`: how many it has. Error `scratch-failed`.
  static Result<ScratchRedis> start(const std::string& rdb, int databases);
  ScratchRedis(ScratchRedis&& other) noexcept;
  ScratchRedis& operator=(ScratchRedis&&) = delete;
  ~ScratchRedis();

  /// Waits until it has loaded. Errors `scratch-failed` and `unloadable`, with what it said.
  boost::asio::awaitable<Result<std::unique_ptr<store::Connection>>> connect(BackupRun& run);

 private:
  explicit ScratchRedis(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] std::string socket() const { return directory_ + "/s"; }
  [[nodiscard]] std::string log() const { return directory_ + "/log"; }
  Result<void> spawn(const std::string& rdb, int databases);
  bool running() noexcept;
  [[nodiscard]] Error ended() const;

  std::string directory_;
  pid_t pid_ = 0;
};

}  // namespace keyshift::driver
