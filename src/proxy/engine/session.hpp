#pragma once
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "base/clock.hpp"
#include "proxy/engine/keyspace_events.hpp"
#include "proxy/engine/out_queue.hpp"
#include "proxy/engine/run.hpp"
#include "proxy/engine/upstream.hpp"
#include "resp/request_parser.hpp"

namespace keyshift::proxy {

/// Why a session does not take its next command yet.
enum class Stall : std::uint8_t {
  none,
  drain,      ///< its commands in flight must be answered first: the next one takes another connection
  opening,    ///< waits for an upstream connection
  moves,      ///< waits for moves that go before its next command
  confirmed,  ///< waits until UNSUBSCRIBE is confirmed
  held,       ///< a command on records waits for a connection where it may start, or for the end of a hold
  streaming,  ///< a big request is passing; the upstream is slower than the client
  closing,    ///< nothing more is read; closed when all is written
};

/// What the server said of a command that the table lacks.
enum class Lookup : std::uint8_t { none, absent, failed };

/// What a client has subscribed to, by the names it used.
struct Subscriptions {
  std::set<Bytes, std::less<>> channels, patterns, shards;
  [[nodiscard]] std::size_t count() const noexcept { return channels.size() + patterns.size() + shards.size(); }
};

/// Prefixes of CLIENT TRACKING ... BCAST: those of the client, and those that the server was given so that both names
/// of each record are covered.
struct Broadcast {
  std::set<Bytes, std::less<>> asked, given;
};

/// What a session knows of its open MULTI.
struct Transaction {
  struct Queued {
    commands::ReplyNames names = commands::ReplyNames::none;
    int select = -1;                 ///< SELECT queued: the database it would lead to
    std::shared_ptr<ScanStep> scan;  ///< SCAN queued: how its page is to be read
    std::shared_ptr<Bytes> keys;     ///< KEYS queued: the app's pattern
    std::shared_ptr<Bytes> instead;  ///< what the app gets in place of the server's answer: a bulk, or null when empty
    bool keyspace = false;           ///< KEYS, RANDOMKEY, DBSIZE queued
    int database = 0;                ///< where it runs
  };
  std::vector<Queued> queued;
  int database = -1;       ///< where what is queued now will run, once a SELECT was queued
  Bytes refusal;           ///< no connection could be had for it: what each of its commands is answered until EXEC
  Bytes requests;          ///< as the client sent them from MULTI on, to be queued anew under another change
  std::uint32_t kept = 0;  ///< how many these are
  bool too_long = false;   ///< some are missing
  bool lost = false;       ///< refused because its connection broke, which EXEC says, too
  bool maps_names = false;
};

/// A reply that is ready before its turn.
struct ParkedReply {
  std::uint32_t sequence;
  Bytes bytes;
  bool whole;
};

/// Parts of a session that few clients need, allocated when they do.
struct SessionExtras {
  Bytes name, library_name, library_version;
  Subscriptions subscriptions;
  Transaction transaction;
  std::vector<ParkedReply> parked;
  std::unique_ptr<resp::ReplyFramer> stream;  ///< finds the end of a big request that passes through
  std::unique_ptr<KeyspaceEvents> events;     ///< set once the client listens to events of records
  Broadcast broadcast;
  std::uint32_t confirmations = 0;  ///< (un)subscribe confirmations still to come
  Bytes parked_request;             ///< the command that waits at the server, to be sent again under another change
  Time parked_until{};              ///< when it has waited long enough; Time{}: never
  Bytes moves_error;                ///< why the moves of the next command were refused: a RESP error line
  Bytes confirmation_text;          ///< what the client gets when they have
};

/// One client connection, as the engine sees it. Idle it owns no buffer.
struct Session {
  std::uint64_t id = 0;
  void* socket = nullptr;  ///< the shell's own handle
  OutQueue out;
  Bytes in;                                     ///< bytes read and not served yet
  std::unique_ptr<resp::RequestParser> parser;  ///< of a request that is half there
  std::unique_ptr<SessionExtras> extras;
  Upstream* pinned = nullptr;
  std::uint64_t channel = 0;  ///< id of the upstream connection that its commands in flight are on
  Time last_active{};
  Time held_since{};
  PoolKey pool;
  std::uint32_t place = 0;             ///< in the engine's list of sessions
  std::uint32_t next = 0;              ///< sequence of the next command
  std::uint32_t deliver = 0;           ///< sequence of the next reply to go out
  std::uint32_t pairs = 0;             ///< reads in flight whose moves are not answered yet: writes wait behind them
  std::uint32_t last_write = 0;        ///< sequence behind the last write in flight
  std::uint32_t held_for = 0;          ///< sequence of the command that waited last in Stall::held, since held_since
  std::uint32_t swallow = 0;           ///< replies that the client has had already: requests queued anew
  std::uint32_t in_flight_limit = 64;  ///< commands that may be in flight, from the size of the last reply
  Stall stall = Stall::none;
  Lookup lookup = Lookup::none;
  bool closed = false;  ///< the client is gone; lives on until its replies are in
  bool dirty = false;   ///< listed for a flush
  bool listed = false;  ///< listed as runnable
  bool in_multi = false;
  bool refused_in_multi = false;
  bool watching = false;
  bool watches_records = false;  ///< some of what is watched
  bool watch_lost = false;       ///< a hold came in between, or its connection broke: EXEC answers nil
  bool ends_known = false;       ///< the ends of the streams were asked for that its next XREAD waits behind
  bool held_out = false;         ///< the command that was held has waited long enough
  bool sticky = false;           ///< keeps its pinned connection for good
  bool tracking = false;         ///< CLIENT TRACKING: CACHING YES is for the app's own next command, not for a move
  bool monitor = false;
  bool raw = false;          ///< RESP2 subscriber or MONITOR: what comes goes out, no ledger
  bool moves_final = false;  ///< extras->moves_error is the answer, whatever the command
  bool moved_once = false;   ///< the moves of the next command have been carried out
  bool drain_next = false;   ///< the next command waits until this one is answered (blocking)
  bool bulky = false;        ///< had a big reply: goes by a connection of its own for a while
  bool parked = false;       ///< its last command may wait at the server: nobody else is to get what it takes
  bool ended = false;        ///< the client sends no more, but may still read: closed when what it sent is answered
  bool reply_off = false, reply_skip = false, skip_next = false;
  bool read_paused = false;

  [[nodiscard]] std::uint32_t in_flight() const noexcept { return next - deliver; }
  /// True when the engine must hear that some of `out` was written.
  [[nodiscard]] bool wants_written() const noexcept {
    return stall == Stall::closing || ended || read_paused || !in.empty() || (pinned != nullptr && pinned->paused);
  }
  SessionExtras& more() {
    if (!extras) extras = std::make_unique<SessionExtras>();
    return *extras;
  }
};

}  // namespace keyshift::proxy
