#pragma once
#include <boost/asio/awaitable.hpp>
#include <vector>

#include "base/result.hpp"
#include "control/backup_blocks.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {

/// Every key of a server with DUMP and its expiry, a page of SCAN at a time. What is there from the first page to the
/// last comes at least once; what is written meanwhile comes as it is when its page is read, or not at all.
class RecordWalk {
 public:
  /// `databases`: which, in rising order. `connection` outlives it, and is used by nobody else meanwhile.
  RecordWalk(store::Connection& connection, std::vector<int> databases);

  /// Goes on behind the page that `last` was.
  void resume_behind(const control::BackupBlock& last);

  /// The next page; false: there is none. Errors `scan-refused`, or those of the connection.
  boost::asio::awaitable<Result<bool>> next(control::BackupBlock& page);

 private:
  boost::asio::awaitable<Result<void>> enter();
  boost::asio::awaitable<Result<std::vector<Bytes>>> scan(control::BackupBlock& page);
  boost::asio::awaitable<Result<void>> dump(std::vector<Bytes> keys, control::BackupBlock& page);

  store::Connection& connection_;
  std::vector<int> databases_;  ///< those to come; the front is the current one
  std::uint64_t cursor_ = 0;
  bool entered_ = false;       ///< the front is selected
  bool asked_expiry_ = false;  ///< whether the server knows PEXPIRETIME (7.0) has been asked
  bool absolute_ = false;      ///< it does
};

}  // namespace keyshift::driver
