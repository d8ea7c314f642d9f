#include "control/backup_blocks.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "control/backup_fault.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

BackupBlock some_records() {
  BackupBlock block;
  block.database = 3;
  block.cursor = 0x0102030405060708u;
  block.records = {{"user:1", Bytes("\0\x05hello", 7), -1}, {Bytes("\xff\0", 2), "", 1700000000123}};
  return block;
}

Result<BackupBlock> read(BytesView bytes) {
  const auto head = read_block_head(bytes.substr(0, kBlockHead));
  if (!head) return head.error();
  return read_block(*head, bytes.substr(std::min(bytes.size(), kBlockHead)));
}

}  // namespace

TEST_CASE("a block of version 1 is these bytes, for ever") {
  BackupBlock block;
  block.database = 3;
  block.cursor = 0x0102030405060708u;
  block.records = {{"k", "vv", 255}};
  Bytes out;
  append_block(out, block);
  const Bytes payload("R\x03\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01\x01\0\0\0\xff\0\0\0\0\0\0\0\x01\0\0\0\x02\0\0\0kvv",
                      36);
  CHECK(out.substr(0, 4) == Bytes("\x24\0\0\0", 4));
  CHECK(out.substr(kBlockHead) == payload);
  CHECK(kBlocksHead == "keyshift-backup 1\n");
  // CRC-32C of "E" and eight zero bytes, by another implementation.
  BackupBlock end;
  end.kind = BackupBlock::Kind::end;
  out.clear();
  append_block(out, end);
  CHECK(out == Bytes("\x09\0\0\0"
                     "\x55\x45\xd6\x40"
                     "E\0\0\0\0\0\0\0\0",
                     17));
}

TEST_CASE("blocks are read as they were written") {
  BackupBlock header, end;
  header.kind = BackupBlock::Kind::header;
  header.text = "{}";
  end.kind = BackupBlock::Kind::end;
  end.total = 1ull << 40;
  for (const BackupBlock& block : {some_records(), header, end, BackupBlock()}) {
    Bytes out;
    append_block(out, block);
    CHECK(read(out).value() == block);
  }
}

TEST_CASE("no damage to a block goes unseen") {
  Bytes whole;
  append_block(whole, some_records());
  rc::check([&] {
    Bytes bytes = whole;
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    const auto bit = *rc::gen::inRange(0, 8);
    if (*rc::gen::arbitrary<bool>())
      bytes.resize(at);
    else
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    const auto block = read(bytes);
    RC_ASSERT_FALSE(block.has_value());
    RC_ASSERT(fault_code(block.error()) == "altered");
  });
}

TEST_CASE("payloads that nobody wrote make no reader fall over, whatever their checksum says") {
  Bytes whole;
  append_block(whole, some_records());
  rc::check([&] {
    Bytes payload = whole.substr(kBlockHead);
    const auto at = *rc::gen::inRange<std::size_t>(0, payload.size());
    payload[at] = *rc::gen::arbitrary<char>();
    payload.resize(*rc::gen::inRange<std::size_t>(1, payload.size() + 1));
    const BlockHead head{static_cast<std::uint32_t>(payload.size()), checksum_of(payload)};
    const auto block = read_block(head, payload);
    RC_ASSERT(block.has_value() || fault_code(block.error()) == "altered");
  });
}
