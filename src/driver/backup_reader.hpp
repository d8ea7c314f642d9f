#pragma once
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "control/backup_blocks.hpp"
#include "driver/sha256.hpp"

namespace keyshift::driver {

/// Reads the file of a logical backup, block by block: a header, records, an end. Errors are `file-missing`,
/// `truncated` and `altered`; behind one nothing more is given.
class BackupReader {
 public:
  static Result<BackupReader> open(const std::string& path);

  /// The next block; none: the one before was the end, and nothing follows it.
  Result<std::optional<control::BackupBlock>> next();

  /// Bytes of the blocks that next() gave, and their digest: where writing may go on when what follows is damaged.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] Sha256 digest() const noexcept { return digest_; }

 private:
  BackupReader(std::string path, std::ifstream in) : path_(std::move(path)), in_(std::move(in)) {}
  Result<void> read(Bytes& into, std::size_t bytes);

  std::string path_;
  std::ifstream in_;
  std::uint64_t position_ = 0;
  Sha256 digest_;
  std::uint64_t records_ = 0;
  bool ended_ = false;
};

}  // namespace keyshift::driver
