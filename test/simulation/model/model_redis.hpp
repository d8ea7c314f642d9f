#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "value.hpp"

namespace keyshift::simulation {

/// The part of redis-server that Keyshift's protocol rests on, in one thread, with a clock that the test sets: values
/// with expiry, transactions with WATCH, commands that block, CLIENT KILL and UNBLOCK, channels, replication as a
/// stream. Requests are really parsed, so that half a request is noticed. RESP2. What it answers is compared with
/// redis-server 7.0 by test/simulation/model_check.py.
class ModelRedis {
 public:
  /// What the server knows of one connection. It ends with the object; forget() it before.
  struct Link {
    Bytes unread;
    int database = 0;
    bool multi = false, broken = false, blocked = false;
    bool resp3 = false;
    Bytes user = "default";
    std::vector<Words> queued;
    std::map<std::pair<int, Bytes>, std::uint64_t> watched;
    std::uint64_t id = 0;         ///< given when it sends first
    Bytes name;                   ///< of HELLO ... SETNAME
    Words parked;                 ///< the command it is blocked in
    std::uint64_t parked_at = 0;  ///< order of blocking
    std::int64_t parked_until = 0;
    std::set<Bytes> channels;
    Bytes pushed;                  ///< replies that came without a request: to be taken by whoever holds the other end
    bool resumed = false;          ///< unblocked: what it had sent behind is to be taken up
    std::uint64_t resumed_at = 0;  ///< order of that
    bool killed = false;           ///< by CLIENT KILL: nothing that it sent is executed any more
    bool keep_log = true;
    std::vector<Words> log;  ///< what it was sent, in order, handshake included
  };

  std::map<int, std::map<Bytes, Value>> databases;
  Bytes renamenx_error;         ///< RENAMENX is answered by this line: "-NOREPLICAS ..."
  Bytes write_error;            ///< so is every other write
  Bytes key_error;              ///< what "limited" is answered for the epoch key
  Bytes multi_error;            ///< so is MULTI
  Bytes run_id = "first";       ///< of INFO: another one is another server
  Bytes replid = "first";       ///< of INFO: another one is another history
  Bytes password;               ///< that everybody must give
  bool busy = false;            ///< a script runs, too long
  bool paused = false;          ///< CLIENT PAUSE: writes wait, and so does what is behind them on their connection
  bool replica = false;         ///< refuses writes, deletes nothing by itself
  bool replica_up = true;       ///< of a replica: its link to the primary
  std::vector<Bytes> replicas;  ///< host:port of each, for INFO
  std::int64_t clock = 0;       ///< ms, for expiry
  std::uint64_t executed = 0;
  std::function<std::size_t()> replicas_in_step;  ///< what WAIT answers; unset: 0
  /// Called for each app command when it is executed (not when it is queued), before it changes anything.
  std::function<void(Link& link, const Words& argv)> on_execute;
  /// Takes what each command or EXEC has written, for replicas; unset: nobody follows.
  std::function<void(Writes writes)> on_written;

  std::map<Bytes, Value>& keys() { return databases[0]; }

  /// Takes bytes of a connection; appends the replies to `out`. False when they are not RESP.
  bool take(Link& link, BytesView bytes, Bytes& out);
  /// CLIENT KILL ID: whatever was queued on it does not run.
  void kill(std::uint64_t id);
  /// Every connection that was not killed, by its id.
  [[nodiscard]] const std::map<std::uint64_t, Link*>& links() const { return links_; }
  void forget(const Link& link) { links_.erase(link.id); }
  /// A connection that has sent nothing yet gets its id, or the one wanted.
  void know(Link& link, std::uint64_t id = 0);
  /// An element for whoever waits for it, or for the list.
  void push(const Bytes& key, const Bytes& value);
  /// Deadlines of blocked commands that have passed.
  void time_out();
  /// What the primary has written.
  void apply(const Writes& writes);
  /// A whole copy of another server's data, as a replica takes it: every WATCH is void.
  void copy_from(const ModelRedis& primary);
  /// It becomes a replica: who is blocked is told so.
  void demote();
  /// A write that no command made; replicated with the command under way.
  void put(int database, const Bytes& key, Value value);
  void drop(int database, const Bytes& key);
  /// The value, expired ones gone. Null: none.
  Value* find(int database, const Bytes& key);

 private:
  friend struct Call;
  Bytes refusal(const Link& link, const Bytes& name, const Words& argv) const;
  void one(Link& link, const Words& argv, Bytes& out);
  void exec(Link& link, Bytes& out);
  void run(Link& link, const Bytes& name, const Words& argv, Bytes& out);
  static void end(Link& link);
  void flush_writes();
  void touch(int database, const Bytes& key);
  void serve_blocked();
  void serve(Link& link, const Bytes& key);
  void wake(Link& link);
  void unblock(Link& link, BytesView answer);
  std::map<std::pair<int, Bytes>, std::uint64_t> versions_;
  std::set<std::pair<int, Bytes>> dirty_;
  std::vector<std::pair<int, Bytes>> ready_;  ///< lists that were written, in that order
  std::map<std::uint64_t, Link*> links_;
  std::uint64_t next_id_ = 7, blocks_ = 0, wakes_ = 0;
  bool in_exec_ = false;
};

}  // namespace keyshift::simulation
