#pragma once
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace keyshift::control {

/// The file of a logical backup: kBlocksHead, then blocks, each with a checksum of its own, the last one an end that
/// says how many records there are. docs/backup.md has the bytes. Whatever a file holds, reading it gives an error at
/// worst: `truncated` or `altered`.

/// One key: what DUMP gave, and when it expires.
struct BackupRecord {
  Bytes key, dump;
  std::int64_t expires = -1;  ///< milliseconds since 1970; -1: never
  bool operator==(const BackupRecord&) const = default;
};

struct BackupBlock {
  enum class Kind : std::uint8_t { header = 'H', records = 'R', end = 'E' };
  Kind kind = Kind::records;
  Bytes text;                         ///< header: the manifest as it was at the beginning
  std::int32_t database = 0;          ///< records: in which they lie
  std::uint64_t cursor = 0;           ///< records: where SCAN of that database goes on behind them; 0: it is over
  std::vector<BackupRecord> records;  ///< records
  std::uint64_t total = 0;            ///< end: records in all blocks
  bool operator==(const BackupBlock&) const = default;
};

inline constexpr BytesView kBlocksHead = "keyshift-backup 1\n";
inline constexpr std::size_t kBlockHead = 8;              ///< bytes before each block's payload
inline constexpr std::uint32_t kLongestBlock = 3u << 30;  ///< of a payload; a longer one is damage

/// Appends a whole block.
void append_block(Bytes& out, const BackupBlock& block);

/// CRC-32C (Castagnoli) of a payload.
std::uint32_t checksum_of(BytesView bytes);

/// What stands before a payload.
struct BlockHead {
  std::uint32_t length = 0, checksum = 0;
};
/// `bytes`: kBlockHead of them. Error `altered` for a length that no block has.
Result<BlockHead> read_block_head(BytesView bytes);
/// The block of a payload. Error `altered`.
Result<BackupBlock> read_block(const BlockHead& head, BytesView payload);

}  // namespace keyshift::control
