#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "migration/conflict.hpp"
#include "proxy/engine/plan.hpp"
#include "proxy/engine/scan_merge.hpp"
#include "proxy/engine/upstream.hpp"

namespace keyshift::proxy {

/// Several calls to a server that together serve one command, or one errand of the engine itself. Lives from the first
/// call until the last reply; owned by the engine, pointed at by ledger entries.
struct Run {
  enum class Kind : std::uint8_t {
    pair,         ///< moves, then the command; its reply counts
    transaction,  ///< MULTI, moves, command, EXEC; one element of EXEC's reply counts
    ask,          ///< a read whose move was refused: MULTI, EXISTS N, command at N, command at O, EXEC
    moves,        ///< moves alone; the session waits for them and goes on
    hook,         ///< one command whose reply changes the session (see Hook)
    mapped,       ///< one command whose reply holds names
    scan,         ///< SCAN over a store in which records move
    keyspace,     ///< KEYS, RANDOMKEY
    dbsize,       ///< DBSIZE, with a look at which of our keys it counts
    conflict,     ///< both names exist: the loser is put aside by policy
    identity,     ///< the probe of run_id and master_replid
    lookup,       ///< COMMAND INFO of a command that the table lacks
    stream_ends,  ///< last ids of streams that XREAD is to wait behind
    clearing,     ///< a connection takes the name of a change, and the epoch key is read behind it
  };
  /// What a `hook` reply means for the session.
  enum class Hook : std::uint8_t {
    none,
    select,
    auth,
    hello,
    multi,
    exec,
    watch,
    client_lines,
    tracking,
    tracking_info,
    reset,
    client_id,
    sticky,
    unpin,
    refused_in_multi,
    watch_lost
  };

  Kind kind = Kind::pair;
  Hook hook = Hook::none;
  Session* session = nullptr;
  std::uint32_t sequence = 0;
  std::uint32_t outstanding = 0;  ///< replies still to come
  std::uint32_t generation = 0;   ///< of the server, when it was sent: what it learnt counts for no later one
  std::uint16_t command = 0;
  int database = 0;  ///< where its keys are
  commands::ReplyNames names = commands::ReplyNames::none;
  bool paired = false;  ///< counted in its session's `pairs` until it is over
  bool readonly = false;
  bool failed = false;       ///< a move was refused (its error is in `error`)
  bool conflict = false;     ///< a move found both names there
  bool quarantined = false;  ///< ... and the transaction put the loser aside
  bool silent = false;
  std::uint8_t attempts = 0;
  std::uint8_t phase = 0;             ///< of runs with several round trips
  std::uint8_t moves_per_record = 1;  ///< 2 when a transaction also puts leftovers aside
  std::int64_t argument = 0;          ///< SELECT: the database; DBSIZE: keys of ours; `clearing`: the turn
  std::uint64_t about = 0;            ///< `clearing`: id of the connection that is looked at from this one
  std::vector<Move> moves;
  std::vector<std::size_t> conflicts;  ///< which of them found both names there
  Bytes request;                       ///< the command as sent, kept for asking again (reads and small ones only)
  Bytes request_other;                 ///< `ask`: the same at the other names
  Bytes collected;                     ///< bytes of the reply being read
  Bytes error;                         ///< first refusal, as a whole RESP error line
  std::vector<std::pair<Bytes, Bytes>> renamed;       ///< stored name, app's name: for errors that hold names
  std::unique_ptr<migration::ConflictStep> settling;  ///< of `conflict`: the record at hand
  std::unique_ptr<ScanStep> scan;                     ///< of `scan`
  std::vector<Bytes> argv;                            ///< of SCAN, KEYS, AUTH ...; DBSIZE: quarantine keys to look for
};

}  // namespace keyshift::proxy
