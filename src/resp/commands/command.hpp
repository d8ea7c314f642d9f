#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.hpp"

namespace keyshift::commands {

/// Flags of a command; the first group is what COMMAND of a server says, the second is ours.
enum Flag : std::uint32_t {
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kFast = 1u << 9,
  kNoAuth = 1u << 10,
  kMayReplicate = 1u << 11,
  kNoMulti = 1u << 12,
  kMovableKeys = 1u << 13,
  kSkipMonitor = 1u << 14,
  kSkipSlowlog = 1u << 15,
  kNoAsyncLoading = 1u << 16,
  kAllowBusy = 1u << 17,
  // Ours.
  kMayDelete = 1u << 24,       ///< may leave a key of its absent (LPOP, SREM, EXPIRE, SET...): hazard "implicit deletes"
  kScript = 1u << 25,          ///< runs code whose undeclared keys nobody can see (EVAL, FCALL)
  kWholeDatabase = 1u << 26,   ///< concerns keys that it does not name (FLUSHDB, SWAPDB, KEYS, DBSIZE, SCAN, RANDOMKEY)
  kPerNode = 1u << 27,         ///< its answer is of one server (INFO, CONFIG, TIME...): matters in a Cluster
  kDangerous = 1u << 28,       ///< refused to apps unless the operator allows it (SHUTDOWN, REPLICAOF, DEBUG ...)
};

/// How a session treats a command before any rule is asked. One row, one value.
enum class Gate : std::uint8_t {
  pass,          ///< stateless: may share an upstream connection
  pinned,        ///< needs the connection of its own that the session then keeps (blocking, WAIT, ASKING, READONLY ...)
  multi, exec, discard, watch, unwatch,
  subscribe, unsubscribe,       ///< all six of them
  monitor,
  select, auth, hello, reset, quit, client,
  scan,                         ///< SCAN itself (not HSCAN...)
  keyspace,                     ///< KEYS, RANDOMKEY, DBSIZE
  flush,                        ///< FLUSHDB, FLUSHALL
  move_database,                ///< SWAPDB, MOVE: refused where rules live
  sync,                         ///< PSYNC, SYNC, REPLCONF: refused, a replica must not hang on a proxy
};

/// What the bytes of a reply are, as far as key names go.
enum class ReplyNames : std::uint8_t {
  none,
  whole,           ///< the reply is a key (RANDOMKEY)
  array,           ///< an array of keys (KEYS)
  first,           ///< array (or null) whose first element is a key (BLPOP, BZPOPMIN, LMPOP, ZMPOP)
  streams,         ///< XREAD: array of [key, entries] or, in RESP3, a map key -> entries
  scan,            ///< [cursor, array of keys]
  key_at_pairs,    ///< COMMAND GETKEYSANDFLAGS: array of [key, flags]
};

/// What a command does with a key that it names (the key specs of COMMAND, redis 7).
enum Access : std::uint8_t {
  kRO = 1, kRW = 2, kOW = 4, kRM = 8,               ///< exactly one of these
  kIncomplete = 16,                                 ///< more keys may hide (SORT BY/GET patterns)
  kNotKey = 32,                                     ///< looks like a key for routing only (SPUBLISH, PFSELFTEST...)
  kChannel = 64,
};

/// A key among the arguments.
struct KeyAt {
  std::uint32_t index;   ///< into argv
  std::uint8_t access;   ///< Access
};

/// The keys of one request; grows to the heap only beyond 16 of them. Reused from request to request.
class KeyList;

/// One command or subcommand: one row of the one table.
struct Command {
  std::string_view name;        ///< upper case; "CONFIG GET" for a subcommand
  std::int16_t arity;           ///< as COMMAND says: negative means at least
  std::uint32_t flags;          ///< Flag
  Gate gate;
  ReplyNames reply_names;
  std::int8_t timeout_argument; ///< blocking ones: position of the timeout, negative from the end; 0: none or by keyword (BLOCK)
  bool timeout_milliseconds;    ///< else seconds, fractions allowed
  std::uint8_t first_version[2];///< the Redis version that brought it, {7, 0}; {0, 0} learnt from a server
  std::uint16_t id;             ///< position in the table: index for counters; learnt ones come behind the known ones
};

}  // namespace keyshift::commands
