#include "driver/backup_reader.hpp"

#include <algorithm>
#include <utility>

#include "control/backup_fault.hpp"

namespace keyshift::driver {
using control::BackupBlock;
using control::BackupFault;

Result<BackupReader> BackupReader::open(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open()) return control::fail(BackupFault::file_missing, path + " cannot be read");
  BackupReader out(path, std::move(in));
  Bytes head;
  if (const auto read = out.read(head, control::kBlocksHead.size()); !read) return read.error();
  if (head != control::kBlocksHead) return control::fail(BackupFault::altered, path + " is no file of this format");
  out.digest_.add(head);
  out.position_ = head.size();
  return Result<BackupReader>(boost::system::in_place_value, std::move(out));
}

/// Piece by piece: a length that is damage must not be allocated whole.
Result<void> BackupReader::read(Bytes& into, std::size_t bytes) {
  constexpr std::size_t piece = 1 << 20;
  into.clear();
  while (into.size() < bytes) {
    const std::size_t had = into.size(), wanted = std::min(piece, bytes - had);
    into.resize(had + wanted);
    in_.read(into.data() + had, static_cast<std::streamsize>(wanted));
    if (static_cast<std::size_t>(in_.gcount()) < wanted)
      return control::fail(BackupFault::truncated, path_ + " ends within a block");
  }
  return {};
}

Result<std::optional<BackupBlock>> BackupReader::next() {
  if (in_.peek() == std::ifstream::traits_type::eof()) {
    if (ended_) return std::optional<BackupBlock>();
    return control::fail(BackupFault::truncated, path_ + " ends before its end");
  }
  if (ended_) return control::fail(BackupFault::altered, path_ + " goes on behind its end");
  Bytes head, payload;
  if (const auto got = read(head, control::kBlockHead); !got) return got.error();
  const auto length = control::read_block_head(head);
  if (!length) return length.error();
  if (const auto got = read(payload, length->length); !got) return got.error();
  auto block = control::read_block(*length, payload);
  if (!block) return block.error();
  records_ += block->records.size();
  ended_ = block->kind == BackupBlock::Kind::end;
  if (ended_ && block->total != records_)
    return control::fail(BackupFault::altered, path_ + " has " + std::to_string(records_) + " records, its end says " +
                                                   std::to_string(block->total));
  digest_.add(head);
  digest_.add(payload);
  position_ += head.size() + payload.size();
  return std::optional(std::move(*block));
}

}  // namespace keyshift::driver
