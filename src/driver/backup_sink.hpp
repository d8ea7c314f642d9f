#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>

#include "base/result.hpp"
#include "control/backup_blocks.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {

/// What came of a restore.
struct RestoreCounts {
  std::uint64_t restored = 0;
  std::uint64_t kept = 0;     ///< the target had that key already, and nothing was to be replaced
  std::uint64_t control = 0;  ///< keys of Keyshift's own that were left out
  std::uint64_t expired = 0;  ///< since the backup was taken
};

/// Puts records into a server, page by page, by RESTORE with absolute expiry.
class RecordSink {
 public:
  struct How {
    bool replace = false;       ///< keys that are there already
    bool control_keys = false;  ///< keys of Keyshift's own, too (quarantined records come in any case)
  };
  /// `target` outlives it, and is used by nobody else meanwhile.
  RecordSink(store::Connection& target, How how) : target_(target), how_(how) {}

  /// Errors `restore-refused`, or those of the connection: pages before are in the target, this one may be in part.
  boost::asio::awaitable<Result<void>> put(const control::BackupBlock& page);

  [[nodiscard]] const RestoreCounts& counts() const noexcept { return counts_; }

 private:
  [[nodiscard]] bool left_out(BytesView key) const noexcept;

  store::Connection& target_;
  How how_;
  int database_ = 0;
  RestoreCounts counts_;
};

}  // namespace keyshift::driver
