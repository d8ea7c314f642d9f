#include "migration/reserved_name.hpp"

#include <array>
#include <string>
#include <vector>

#include "migration/reserved_keys.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::migration {
namespace {

constexpr std::uint16_t kSlots = 16384;

constexpr std::array<std::uint16_t, 256> crc16_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
    table[i] = static_cast<std::uint16_t>(crc & 0xffffu);
  }
  return table;
}

std::uint16_t crc16(BytesView bytes) noexcept {
  static constexpr auto table = crc16_table();
  unsigned crc = 0;
  for (const char c : bytes) crc = ((crc << 8) & 0xffffu) ^ table[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xffu];
  return static_cast<std::uint16_t>(crc);
}

/// The text with number `n` in the order of length, then alphabet.
Bytes text_of(std::size_t n) {
  static constexpr BytesView digits = "abcdefghijklmnopqrstuvwxyz0123456789";
  Bytes out;
  for (++n; n > 0; n = (n - 1) / digits.size()) out.insert(out.begin(), digits[(n - 1) % digits.size()]);
  return out;
}

std::vector<Bytes> every_tag() {
  std::vector<Bytes> tags(kSlots);
  std::size_t missing = kSlots;
  for (std::size_t n = 0; missing > 0; ++n) {
    Bytes text = text_of(n);
    Bytes& tag = tags[crc16(text) % kSlots];
    if (!tag.empty()) continue;
    tag = std::move(text);
    --missing;
  }
  return tags;
}

Bytes reserved_name(ReservedKey key, BytesView tag, BytesView rest) {
  Bytes out(transforms::kReservedPrefix);
  out.append(reserved_key_row(key).kind).append(":{").append(tag).append("}:").append(rest);
  return out;
}

}  // namespace

std::uint16_t hash_slot(BytesView key) noexcept {
  const auto open = key.find('{');
  const auto close = open == key.npos ? open : key.find('}', open + 1);
  if (close != key.npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  return crc16(key) % kSlots;
}

Bytes slot_tag(std::uint16_t slot) {
  static const std::vector<Bytes> tags = every_tag();
  return tags[slot % kSlots];
}

Bytes quarantine_name(BytesView run, BytesView key, unsigned attempt) {
  Bytes rest(run);
  rest += ':';
  if (attempt > 0) rest += std::to_string(attempt) + ":";
  rest.append(key);
  return reserved_name(ReservedKey::quarantine, slot_tag(hash_slot(key)), rest);
}

Bytes quarantined_name(BytesView run) { return reserved_name(ReservedKey::quarantined, "", run); }

Bytes checkpoint_name(BytesView run) { return reserved_name(ReservedKey::checkpoint, "", run); }

Bytes sweeper_name(BytesView run) { return reserved_name(ReservedKey::sweeper, "", run); }

Bytes control_record_name() { return reserved_name(ReservedKey::control_record, "", "record"); }

Bytes epoch_key_name() { return reserved_name(ReservedKey::epoch_key, "", "key"); }

Bytes nodes_name() { return reserved_name(ReservedKey::nodes, "", "list"); }

Bytes spec_name(BytesView sha256) { return reserved_name(ReservedKey::spec, "", sha256); }

Bytes run_notes_name(BytesView run) { return reserved_name(ReservedKey::run_notes, "", run); }

Bytes report_name(BytesView proxy) { return reserved_name(ReservedKey::report, "", proxy); }

Bytes audit_name() { return reserved_name(ReservedKey::audit, "", "log"); }

Bytes control_channel_name() { return reserved_name(ReservedKey::channel, "", "control"); }

Bytes probe_name(BytesView token) { return reserved_name(ReservedKey::probe, "", token); }

Bytes stamp_name(BytesView run) { return reserved_name(ReservedKey::stamp, "", run); }

Bytes backup_mark_name() { return reserved_name(ReservedKey::backup_mark, "", "mark"); }

Bytes store_id_name() { return reserved_name(ReservedKey::store_id, "", "id"); }

}  // namespace keyshift::migration
