#include "control/backup_blocks.hpp"

#include <boost/crc.hpp>
#include <concepts>

#include "control/backup_fault.hpp"

namespace keyshift::control {
namespace {

/// Numbers lie with their lowest byte first.
void put(Bytes& out, std::unsigned_integral auto value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffu);
}

template <std::unsigned_integral Number>
bool take(BytesView& from, Number& value) {
  if (from.size() < sizeof value) return false;
  std::uint64_t wide = 0;
  for (std::size_t i = sizeof value; i-- > 0;) wide = wide << 8 | static_cast<unsigned char>(from[i]);
  value = static_cast<Number>(wide);
  from.remove_prefix(sizeof value);
  return true;
}

bool take_record(BytesView& from, BackupRecord& out) {
  std::uint64_t expires = 0;
  std::uint32_t key = 0, dump = 0;
  if (!take(from, expires) || !take(from, key) || !take(from, dump)) return false;
  if (from.size() < std::uint64_t{key} + dump) return false;
  out.expires = static_cast<std::int64_t>(expires);
  out.key = from.substr(0, key);
  out.dump = from.substr(key, dump);
  from.remove_prefix(std::size_t{key} + dump);
  return true;
}

bool take_records(BytesView from, BackupBlock& out) {
  std::uint32_t database = 0, count = 0;
  if (!take(from, database) || !take(from, out.cursor) || !take(from, count)) return false;
  out.database = static_cast<std::int32_t>(database);
  for (std::uint32_t i = 0; i < count; ++i)
    if (!take_record(from, out.records.emplace_back())) return false;
  return from.empty() && out.database >= 0;
}

Error damaged(const std::string& what) { return fail(BackupFault::altered, "a block of the file " + what); }

}  // namespace

std::uint32_t checksum_of(BytesView bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

void append_block(Bytes& out, const BackupBlock& block) {
  Bytes payload(1, static_cast<char>(block.kind));
  if (block.kind == BackupBlock::Kind::header) payload += block.text;
  if (block.kind == BackupBlock::Kind::end) put(payload, block.total);
  if (block.kind == BackupBlock::Kind::records) {
    put(payload, static_cast<std::uint32_t>(block.database));
    put(payload, block.cursor);
    put(payload, static_cast<std::uint32_t>(block.records.size()));
    for (const BackupRecord& record : block.records) {
      put(payload, static_cast<std::uint64_t>(record.expires));
      put(payload, static_cast<std::uint32_t>(record.key.size()));
      put(payload, static_cast<std::uint32_t>(record.dump.size()));
      payload.append(record.key).append(record.dump);
    }
  }
  put(out, static_cast<std::uint32_t>(payload.size()));
  put(out, checksum_of(payload));
  out += payload;
}

Result<BlockHead> read_block_head(BytesView bytes) {
  BlockHead head;
  if (!take(bytes, head.length) || !take(bytes, head.checksum)) return damaged("has no length");
  if (head.length == 0 || head.length > kLongestBlock) return damaged("has a length that no block has");
  return head;
}

Result<BackupBlock> read_block(const BlockHead& head, BytesView payload) {
  if (payload.size() != head.length || checksum_of(payload) != head.checksum)
    return damaged("has another checksum than it should");
  BackupBlock out;
  out.kind = static_cast<BackupBlock::Kind>(payload.front());
  payload.remove_prefix(1);
  switch (out.kind) {
    case BackupBlock::Kind::header:
      out.text = payload;
      return out;
    case BackupBlock::Kind::end:
      if (take(payload, out.total) && payload.empty()) return out;
      break;
    case BackupBlock::Kind::records:
      if (take_records(payload, out)) return out;
      break;
  }
  return damaged("makes no sense");
}

}  // namespace keyshift::control
