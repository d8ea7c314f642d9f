#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "driver/backup.hpp"

namespace keyshift::driver {

/// That a backup is being taken, as a key beside the control record with an expiry (backup_mark_name()): nobody begins
/// a hold while it is there, and it is not set while there is one. For thrift alone: what it is lost for, a hold or a
/// copy, is slow and nothing worse. At a store without a control record there is nothing to mark.
class BackupMark {
 public:
  /// Waits for the end of another backup, and of a change of the record; then sets the mark and keeps it up on the
  /// executor of `run`. Errors `flip-under-way`, or those of the connection.
  static boost::asio::awaitable<Result<BackupMark>> set(const BackupOptions& options, store::ConnectOptions connect,
                                                        BackupRun& run);
  BackupMark(BackupMark&&) noexcept;
  BackupMark& operator=(BackupMark&&) = delete;
  /// Not cleared, it is left to its expiry.
  ~BackupMark();

  /// Takes the mark away, with an entry in the audit that says what came of it.
  boost::asio::awaitable<void> clear(std::string what);

 private:
  struct State;
  explicit BackupMark(std::shared_ptr<State> state);
  static boost::asio::awaitable<void> keep_up(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  ///< null: nothing is marked
};

}  // namespace keyshift::driver
