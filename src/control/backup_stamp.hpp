#pragma once
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace keyshift::control {

/// What is written into the data right before a backup is taken, at stamp_name(run): a copy that holds exactly this
/// one was taken behind it, of this store, for this run.
struct BackupStamp {
  std::string run;    ///< id of the run, or "manual"
  std::string store;  ///< what is at store_id_name()
  std::string word;   ///< drawn at random, 32 hexadecimal digits
  UnixMillis written{};
  bool operator==(const BackupStamp&) const = default;
};

/// Lines of text, `name value`, each ended by a newline (docs/formats.md).
Bytes encode(const BackupStamp& stamp);
/// None: these bytes are no stamp of this format.
std::optional<BackupStamp> read_stamp(BytesView bytes);

}  // namespace keyshift::control
