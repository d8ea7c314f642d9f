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
  kAsking = 1u << 18,
  kNoMandatoryKeys = 1u << 19,
  // Ours.
  kMayDelete = 1u << 24,      ///< may leave a key of its absent (LPOP, SREM, EXPIRE, SET...): hazard "implicit deletes"
  kScript = 1u << 25,         ///< runs code whose undeclared keys nobody can see (EVAL, FCALL)
  kWholeDatabase = 1u << 26,  ///< concerns keys that it does not name (FLUSHDB, SWAPDB, KEYS, DBSIZE, SCAN, RANDOMKEY)
  kPerNode = 1u << 27,        ///< its answer is of one server (INFO, CONFIG, TIME...): matters in a Cluster
  kDangerous = 1u << 28,      ///< refused to apps unless the operator allows it (SHUTDOWN, REPLICAOF, MODULE LOAD ...)
};

/// How a session treats a command before any rule is asked. One row, one value.
enum class Gate : std::uint8_t {
  pass,    ///< leaves nothing on its connection and cannot park it: may share an upstream connection
  pinned,  ///< needs the connection of its own that the session then keeps (blocking, WAIT, ASKING, READONLY ...)
  multi,
  exec,
  discard,
  watch,
  unwatch,
  subscribe,
  unsubscribe,  ///< all six of them
  monitor,
  select,
  auth,
  hello,
  reset,
  quit,
  client,
  scan,           ///< SCAN itself (not HSCAN...)
  keyspace,       ///< KEYS, RANDOMKEY, DBSIZE
  flush,          ///< FLUSHDB, FLUSHALL
  move_database,  ///< SWAPDB, MOVE: refused where rules live
  sync,           ///< PSYNC, SYNC, REPLCONF: refused, a replica must not hang on a proxy
};

/// What the bytes of a reply are, as far as key names go.
enum class ReplyNames : std::uint8_t {
  none,
  whole,         ///< the reply is a key (RANDOMKEY)
  array,         ///< an array of keys (KEYS)
  first,         ///< array (or null) whose first element is a key (BLPOP, BZPOPMIN, LMPOP, ZMPOP)
  streams,       ///< XREAD: array of [key, entries] or, in RESP3, a map key -> entries
  scan,          ///< [cursor, array of keys]
  key_at_pairs,  ///< COMMAND GETKEYSANDFLAGS: array of [key, flags]
  log,           ///< SLOWLOG GET: array of [id, time, duration, command as sent, ...]; names are where its keys are
};

/// What a command does with a key that it names (the key specs of COMMAND, redis 7).
enum Access : std::uint8_t {
  kRO = 1,
  kRW = 2,
  kOW = 4,
  kRM = 8,           ///< exactly one of these
  kIncomplete = 16,  ///< more keys may hide (SORT BY/GET patterns)
  kNotKey = 32,      ///< looks like a key for routing only (SPUBLISH, PFSELFTEST...)
  kChannel = 64,
};

/// What else a key spec of a server says of a key; beside Access in KeySpec::flags.
enum SpecFlag : std::uint16_t {
  kAccess = 1u << 8,  ///< what is stored is looked at, copied or returned
  kUpdate = 1u << 9,
  kInsert = 1u << 10,
  kDelete = 1u << 11,
  kVariable = 1u << 12,  ///< the access depends on options (SET ... GET)
};

/// Where a command has keys: one key spec as COMMAND of redis 7 gives it
/// (https://redis.io/docs/latest/develop/reference/key-specs/).
struct KeySpec {
  enum class Begin : std::uint8_t { index, keyword, unknown };
  enum class Find : std::uint8_t { range, keynum, unknown };
  std::uint16_t flags = 0;  ///< Access and SpecFlag
  Begin begin = Begin::unknown;
  Find find = Find::unknown;
  std::int16_t start =
      0;  ///< index: of the first key (or of the count); keyword: where the search begins, negative from the end
  std::string_view keyword;
  std::int16_t last = 0;  ///< range: the last key, counted from the first, or negative from the end of the request
  std::int16_t step = 1;
  std::int16_t limit = 0;   ///< range with last -1: only the first 1/limit of the rest
  std::int16_t keynum = 0;  ///< keynum: where the count is, counted from `start`
  std::int16_t first = 0;   ///< keynum: where the first key is, counted from `start`
  bool operator==(const KeySpec&) const = default;
};

inline constexpr std::size_t kMaxKeySpecs = 4;

/// The commands whose keys depend on options in a way that no key spec can say; redis has a function for each.
enum class KeyFunction : std::uint8_t { none, set, bitfield, sort, migrate, georadius, xread, debug };

/// A key among the arguments.
struct KeyAt {
  std::uint32_t index;  ///< into argv
  std::uint8_t access;  ///< Access
};

/// One command or subcommand: one row of the one table. Rows live as long as the Table that gave them.
struct Command {
  std::string_view name;    ///< upper case; "CONFIG GET" for a subcommand
  std::int16_t arity = 0;   ///< as COMMAND says: negative means at least
  std::uint32_t flags = 0;  ///< Flag
  Gate gate = Gate::pass;
  ReplyNames reply_names = ReplyNames::none;
  std::int8_t timeout_argument =
      0;  ///< blocking ones: position of the timeout, negative from the end; 0: none or by keyword (BLOCK)
  bool timeout_milliseconds = false;  ///< else seconds, fractions allowed
  std::uint8_t first_version[2] =
      {};                ///< the Redis (or Valkey) version that brought it, {7, 0}; {0, 0} learnt from a server
  std::uint16_t id = 0;  ///< position in the table: index for counters; learnt ones come behind the known ones
  bool valkey = false;   ///< first_version is one of Valkey
  KeyFunction key_function = KeyFunction::none;
  std::uint8_t key_spec_count = 0;
  KeySpec key_specs[kMaxKeySpecs];
  /// The request behind the name(s). A lower-case word is one argument and names its role, an upper-case one is written
  /// as it stands; "a:key" is a key by the name of a; [x] may be left out, (x) groups, x|y is one of them, x...
  /// repeats.
  std::string_view arguments;

  [[nodiscard]] std::span<const KeySpec> specs() const noexcept { return {key_specs, key_spec_count}; }
  /// True for "CONFIG GET", false for "CONFIG" and "GET".
  [[nodiscard]] bool subcommand() const noexcept { return name.find(' ') != std::string_view::npos; }
};

}  // namespace keyshift::commands
