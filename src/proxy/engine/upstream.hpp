#pragma once
#include <boost/circular_buffer.hpp>
#include <compare>
#include <cstdint>

#include "base/clock.hpp"
#include "proxy/engine/out_queue.hpp"
#include "resp/reply.hpp"
#include "resp/reply_framer.hpp"

namespace keyshift::proxy {

struct Session;
struct Run;

/// What makes two connections to the server interchangeable for a command: nothing else may differ.
struct PoolKey {
  int database = 0;
  resp::Protocol protocol = resp::Protocol::resp2;
  std::uint32_t credentials = 0;  ///< index of an interned user and password; 0: the proxy's own
  auto operator<=>(const PoolKey&) const = default;
};

/// One entry of the ledger of an upstream connection: whose the next reply is.
struct Pending {
  static constexpr std::uint16_t ours = 0xffff;  ///< in `command`: no command of a client

  Session* session = nullptr;  ///< null: nobody waits for it any more, or it is ours (see run)
  Run* run = nullptr;          ///< null: the reply goes to the session as it is
  Time sent{};
  std::uint32_t sequence = 0;       ///< of the session's command
  std::uint32_t request_bytes = 0;  ///< kept in Upstream::retained for asking again
  std::uint16_t command = ours;     ///< row of the command table, for counters
  std::uint8_t step = 0;            ///< within the run
  bool readonly = false;
  bool silent = false;  ///< CLIENT REPLY OFF or SKIP: the reply is dropped
};

/// FIFO of what is expected on one connection; grows as needed.
class Ledger {
 public:
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  Pending& front() noexcept { return entries_.front(); }
  void pop() noexcept { entries_.pop_front(); }
  Pending& push() {
    if (entries_.full()) entries_.set_capacity(entries_.capacity() == 0 ? 16 : entries_.capacity() * 2);
    entries_.push_back(Pending());
    return entries_.back();
  }
  auto begin() noexcept { return entries_.begin(); }
  auto end() noexcept { return entries_.end(); }

 private:
  boost::circular_buffer<Pending> entries_;
};

/// What a new connection is sent before anything else, in this order; most need only some of it.
enum class HandshakeStep : std::uint8_t { hello, key, select, auth, multi, discard };

/// One connection to a server, as the engine sees it: handshake, order of replies, bytes to send. The socket is the
/// shell's.
struct Upstream {
  /// `proving`: nothing is sent there but what proves that the server is under a change that we know.
  enum class State : std::uint8_t { connecting, handshake, proving, open, closed };

  std::uint64_t id = 0;    ///< unique within the worker; never used again
  void* socket = nullptr;  ///< the shell's own handle; the engine never looks at it
  State state = State::connecting;
  bool shared = false;           ///< in a pool, else pinned to `owner` or idle
  bool dirty = false;            ///< listed for a flush
  bool paused = false;           ///< the shell does not read it: its client is slow
  bool discarding = false;       ///< the rest of the current reply is dropped; it is asked for again elsewhere
  bool delivering = false;       ///< part of the current reply has gone to the client
  bool tainted = false;          ///< carries state of a client: closed instead of handed on
  bool multi_proven = false;     ///< MULTI, DISCARD succeeded here: transactions may be piped
  bool unauthenticated = false;  ///< the server wants AUTH and we have no credentials: the app's will go through
  bool login_last = false;       ///< the database was chosen as the proxy's own user
  bool listens = false;          ///< named as one that never carries a key: subscriptions of RESP2, MONITOR
  bool awaits_name = false;      ///< the server has not answered to its last name yet
  bool key_refused = false;      ///< its user may not read the epoch key: that is read on one of ours
  bool key_asked = false;        ///< the epoch key is being read
  std::uint8_t handshake = 0;    ///< steps not answered yet, a bit each: see HandshakeStep
  std::uint32_t named = 0;       ///< the turn that its last name is of (Engine::turn_)
  std::uint32_t era = 0;         ///< Engine::eras_ when it was named
  std::uint32_t cleared = 0;     ///< the turn in which commands on records may be started here
  PoolKey key;
  Session* owner = nullptr;     ///< the session that has it pinned
  std::uint64_t server_id = 0;  ///< CLIENT ID at the server, from HELLO
  resp::ReplyFramer framer;
  Ledger ledger;
  OutQueue out;
  Bytes held;          ///< part of a reply that is kept until it is whole
  Bytes pair_request;  ///< request of the read at the head, when it came with moves: for asking again
  Bytes retained;      ///< requests of reads in flight, in ledger order, from retained_head on
  std::size_t retained_head = 0;
  Bytes key_reply;       ///< what the epoch key was, in the handshake
  Bytes hello;           ///< reply of HELLO
  Bytes out_later;       ///< goes out when the handshake is done
  Time last_progress{};  ///< when it last sent a reply, or began to owe one
  Time idle_since{};
  Time proving_since{};
};

}  // namespace keyshift::proxy
