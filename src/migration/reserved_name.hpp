#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace keyshift::migration {

/// Names of the keys that Keyshift writes for itself: keyshift:<kind>:{<tag>}:<rest> (docs/protocol.md, "Words"). Their
/// kinds and what they hold: reserved_keys.hpp.

/// The hash slot of `key` in Redis Cluster: CRC16 (XMODEM) of its hash tag, or of all of it, modulo 16384.
/// Source: Redis Cluster specification, "Key distribution model" and "Hash tags".
std::uint16_t hash_slot(BytesView key) noexcept;

/// The shortest text of lower case letters and digits whose slot is `slot`, so that a reserved key can lie in the slot
/// of any record, whatever bytes the record's name has. The same in every build. At most four bytes.
Bytes slot_tag(std::uint16_t slot);

/// Where the loser of a conflict goes: keyshift:quarantine:{<tag of the key's slot>}:<run>:<key>, with ":<attempt>" in
/// front of the key's part when an earlier loser has that name. In the database of the record.
Bytes quarantine_name(BytesView run, BytesView key, unsigned attempt = 0);

/// The set of all quarantine keys of `run`: keyshift:quarantined:{}:<run>. In the database of the records.
Bytes quarantined_name(BytesView run);

/// The checkpoint of the sweep of `run`: keyshift:sweep:{}:<run>. In database 0.
Bytes checkpoint_name(BytesView run);

/// Who sweeps for `run` (a key with an expiry): keyshift:sweeper:{}:<run>. In database 0.
Bytes sweeper_name(BytesView run);

/// The control record of a store: keyshift:control:{}:record. In database 0.
Bytes control_record_name();

/// The change that a server is under: keyshift:epoch:{}:key. In database 0.
Bytes epoch_key_name();

/// The servers that were seen to belong to a store: keyshift:nodes:{}:list. In database 0.
Bytes nodes_name();

/// What a run does, by the SHA-256 of its text (hexadecimal): keyshift:spec:{}:<sha256>. In database 0.
Bytes spec_name(BytesView sha256);

/// What gates and sweeps know of `run`: keyshift:run:{}:<run>. In database 0.
Bytes run_notes_name(BytesView run);

/// What `proxy` says of itself (a key with an expiry): keyshift:report:{}:<proxy>. In database 0.
Bytes report_name(BytesView proxy);

/// Who did what, when: keyshift:audit:{}:log. In database 0.
Bytes audit_name();

/// The channel on which changes are told: keyshift:channel:{}:control.
Bytes control_channel_name();

/// What a driver writes at a primary to see it on every node: keyshift:probe:{}:<token>. In database 0.
Bytes probe_name(BytesView token);

/// What the last backup of `run` wrote before it copied: keyshift:stamp:{}:<run>. In database 0.
Bytes stamp_name(BytesView run);

/// Who takes a backup of the store now (a key with an expiry): keyshift:backup:{}:mark. In database 0.
Bytes backup_mark_name();

/// What tells a store from another one, whatever its address: keyshift:store:{}:id. In database 0.
Bytes store_id_name();

}  // namespace keyshift::migration
