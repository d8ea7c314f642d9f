#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace keyshift::control {

/// Reads what a server answers to `PSYNC ? -1`, in any chunking, without I/O: newlines that only say that it lives,
/// `+FULLRESYNC <replication id> <offset>`, more newlines, then the RDB, either as `$<length>` and so many bytes, or as
/// `$EOF:<40 bytes>` and bytes up to the same 40.
class BackupStream {
 public:
  /// Takes a chunk; gives the bytes of the RDB in it that are sure, possibly none. They are valid until the next call
  /// (views into the chunk or into this object). Errors are `psync-refused` and `stream-unreadable`.
  Result<BytesView> feed(BytesView chunk);

  [[nodiscard]] bool whole() const noexcept { return stage_ == Stage::whole; }
  /// Bytes of the RDB that there will be; 0: not known (yet).
  [[nodiscard]] std::uint64_t announced() const noexcept { return announced_; }
  /// Where in the replication stream the RDB stands. Set before the first byte of it.
  [[nodiscard]] const std::string& replication_id() const noexcept { return id_; }
  [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }

 private:
  enum class Stage : std::uint8_t { reply, header, counted, marked, whole };
  Result<void> take_line();
  Result<void> take_reply(BytesView line);
  Result<void> take_header(BytesView line);
  BytesView take_counted(BytesView chunk);
  BytesView take_marked(BytesView chunk);

  Stage stage_ = Stage::reply;
  Bytes line_;  ///< of `reply` and `header`: without its end
  std::string id_;
  std::int64_t offset_ = -1;
  std::uint64_t announced_ = 0;
  std::uint64_t left_ = 0;  ///< counted: bytes still to come
  Bytes mark_;              ///< marked: what ends it
  Bytes held_;              ///< marked: the last bytes, which may be the mark's
  std::size_t given_ = 0;   ///< marked: how many of held_ were given out by the call before
};

}  // namespace keyshift::control
