#pragma once
#include <map>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "control/serving.hpp"
#include "proxy/engine/action.hpp"
#include "proxy/engine/app_names.hpp"
#include "proxy/engine/engine_counters.hpp"
#include "proxy/engine/ensured_set.hpp"
#include "proxy/engine/planner.hpp"
#include "proxy/engine/run.hpp"
#include "proxy/engine/session.hpp"
#include "proxy/engine/settings.hpp"
#include "proxy/engine/upstream.hpp"
#include "resp/commands/recent_rows.hpp"
#include "resp/commands/table.hpp"
#include "resp/request_parser.hpp"

namespace keyshift::proxy {

/// The proxy of one worker without its sockets: sessions, upstream connections, plans and their runs.
///
/// A state machine: the shell tells what happened and what time it is; the engine answers with bytes in the OutQueues
/// of what it lists as dirty, and with actions. It reads no clock, does no I/O, throws nothing. One thread.
///
/// Order: the commands of a session are in flight on one upstream connection at a time, so their replies come in order;
/// a command that needs another connection waits until those before it are answered. docs/life-of-a-command.md.
class Engine final : private KnownRecords {
 public:
  Engine(EngineSettings settings, commands::Table& table, EngineCounters& counters, const Key128& secret);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// A client has connected. The session lives until close_session was listed for it.
  Session& open_session(void* socket, Time now);
  /// `bytes` were read; they may be looked at until the next call of flush lists (borrowed output points into them).
  void on_client_bytes(Session& session, BytesView bytes, Time now);
  /// The client sends no more (end of file): what it sent is answered, as Redis does it, then the session closes. At
  /// once when it is parked, so that nothing is taken for a client that is gone.
  void on_client_ended(Session& session, Time now);
  void on_client_closed(Session& session, Time now);
  /// The shell has written some of session.out.
  void on_client_written(Session& session, Time now);

  void on_upstream_connected(Upstream& upstream, Time now);
  void on_upstream_bytes(Upstream& upstream, BytesView bytes, Time now);
  /// The connection could not be made, or broke; `why` is for people. The upstream is gone after this call.
  void on_upstream_lost(Upstream& upstream, BytesView why, Time now);
  void on_upstream_written(Upstream& upstream, Time now);
  /// Time passes: to be called about every 100 ms.
  void on_tick(Time now);
  /// True while connections or commands are between two changes: ticks are to come every 10 ms.
  [[nodiscard]] bool turning() const noexcept;
  /// True when nothing is owed to anybody, so that no time limit runs: ticks may be far apart.
  [[nodiscard]] bool quiet() const noexcept;
  /// From here on commands are served as `serving` says: another change of the control record, or the first one that
  /// an engine that follows it is told. What waits for it goes on.
  void turn(std::shared_ptr<const control::Serving> serving, Time now);
  /// No new commands are taken; sessions close as their commands are answered.
  void drain(Time now);

  /// What must be written; the shell clears `dirty` and the list.
  std::vector<Session*>& dirty_sessions() noexcept { return dirty_sessions_; }
  std::vector<Upstream*>& dirty_upstreams() noexcept { return dirty_upstreams_; }
  /// What must be done, in order; the shell empties the list.
  std::vector<Action>& actions() noexcept { return actions_; }

  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }
  [[nodiscard]] std::size_t upstreams() const noexcept { return upstreams_.size(); }
  [[nodiscard]] const EngineSettings& settings() const noexcept { return settings_; }

 private:
  struct Credentials {
    Bytes user, password;
    bool operator==(const Credentials&) const = default;
  };
  /// Connections for one PoolKey: the shared one, idle ones for the next pinned session, who waits, and when to try
  /// again.
  struct Pool {
    Upstream* shared = nullptr;
    std::vector<Upstream*> idle;
    std::vector<Session*> waiting;
    Time retry_at{};
    std::uint32_t failures = 0;
    Bytes last_error;
    Bytes hello;  ///< reply of HELLO, as the server gave it
  };
  /// A request while the gate looks at it.
  struct Request {
    std::span<const BytesView> argv;
    BytesView raw;  ///< multi-bulk bytes as the client sent them, or re-encoded
    const commands::Command* command = nullptr;
    std::size_t arguments = 0;  ///< more than argv.size() while a big one is still coming
  };
  enum class Verdict : std::uint8_t { served, stalled };
  /// What the epoch key behind a connection's name says of it.
  enum class KeySeen : std::uint8_t { fits, behind, ahead, absent, refused };

  // engine_input.cpp: bytes to requests
  std::size_t consume(Session& s, BytesView unread);
  bool wait_for_more(Session& s, std::size_t unread);
  void broken_request(Session& s, BytesView error);
  bool admits(const Session& s) const noexcept;
  void run_session(Session& s);
  void keep_rest(Session& s, BytesView bytes, std::size_t used);
  Verdict big_request(Session& s, resp::RequestParser& parser, BytesView unread, std::size_t& used);
  std::size_t pass_big(Session& s, BytesView bytes);
  void settle();
  void look_at_sessions();
  void close_ended();
  bool ended_is_over(Session& s);

  // engine_gate.cpp, engine_gate_*.cpp: requests to calls
  Verdict gate(Session& s, Request& r);
  Verdict gate_script_control(Session& s, Request& r);
  Verdict gate_by_row(Session& s, Request& r);
  Verdict gate_plain(Session& s, Request& r, bool pinned);
  Verdict gate_in_multi(Session& s, Request& r);
  Verdict gate_unserved_multi(Session& s, Request& r);
  Verdict queue_own_name(Session& s, const Request& r, Upstream& u);
  Verdict queue_keyspace(Session& s, const Request& r, Upstream& u, int database);
  Verdict queue_instead(Session& s, const Request& r, Upstream& u, std::initializer_list<BytesView> argv,
                        const Transaction::Queued& queued);
  Verdict queue_raw(Session& s, const Request& r, Upstream& u, BytesView raw, const Transaction::Queued& queued);
  Verdict ask_command(Session& s, const Request& r);
  void lookup_reply(Run& run, BytesView reply);
  Verdict gate_unknown(Session& s, Request& r);
  Verdict gate_multi(Session& s, Request& r);
  Verdict gate_end_multi(Session& s, Request& r);
  Verdict end_lost(Session& s, const Request& r, Upstream& u);
  Verdict gate_watch(Session& s, Request& r);
  Verdict gate_subscribe(Session& s, Request& r);
  Verdict gate_monitor(Session& s, Request& r);
  Verdict gate_select(Session& s, Request& r);
  Verdict gate_auth(Session& s, Request& r);
  Verdict gate_hello(Session& s, Request& r);
  Verdict gate_tracking(Session& s, Request& r, Upstream& u);
  Verdict gate_broadcast(Session& s, const Request& r, Upstream& u, std::span<const BytesView> prefixes,
                         std::vector<BytesView> others);
  void tracking_reply(Session& s, Run& run, BytesView reply);
  void tracking_info_reply(Session& s, Run& run, BytesView reply);
  Verdict gate_reset(Session& s, Request& r);
  Verdict gate_client(Session& s, Request& r);
  Verdict gate_client_reply(Session& s, BytesView how);
  void note_pause(const Request& r);
  Verdict gate_scan(Session& s, Request& r);
  Verdict gate_keyspace(Session& s, Request& r);
  Verdict gate_dbsize(Session& s, Request& r, Upstream& u);
  bool refuses_listing(const control::ServedDatabase& here, Session& s, const Request& r);
  Verdict gate_flush(Session& s, Request& r);
  void flush_allowed(const Request& r, int database, bool& concerned, bool& allowed) const;
  Verdict gate_move_database(Session& s, Request& r);
  Verdict send_own(Session& s, Request& r, Upstream& u, Run& run, BytesView bytes, std::uint8_t step = 0);
  Verdict refuse(Session& s, const Request& r, std::string_view reason, std::string_view text);
  Verdict refuse_with(Session& s, const Request& r, Bytes line);
  Verdict answer(Session& s, BytesView bytes);
  Verdict answer_error(Session& s, const Error& error);

  // engine_send.cpp: calls to bytes
  void plan(const Session& s, const Request& r);
  Verdict carry_out(Session& s, Request& r, Upstream& u);
  Verdict forward(Session& s, const Request& r, Upstream& u, Run* run);
  void send_pair(Session& s, const Request& r, Upstream& u);
  void send_transaction(Session& s, const Request& r, Upstream& u);
  Verdict moves_first(Session& s, const Request& r);
  static bool moves_refused(Session& s, Bytes& line);
  void append_request(Upstream& u, const Request& r, bool keep);
  void append_moves(Upstream& u, Run& run);
  Pending& expect(Upstream& u, Session* s, const commands::Command* command);
  void take_turn(Session& s, Pending& p, const commands::Command& command);
  Run& new_run(Run::Kind kind, Session* s, const commands::Command* command);
  Run& hooked(Session& s, const Request& r, Run::Hook hook);
  void free_run(Run& run);
  void count(const commands::Command& command, Route route);
  Bytes request_bytes(const Request& r) const;

  // engine_pools.cpp: connections
  Pool& pool_of(const PoolKey& key);
  Upstream* shared_channel(Session& s, const PoolKey& key);
  Upstream* pinned_channel(Session& s);
  Upstream* channel(Session& s);
  bool ready_for(Session& s, Upstream* u);
  Upstream& connect(const PoolKey& key, bool shared);
  void begin_handshake(Upstream& u);
  bool handshake_reply(Upstream& u, HandshakeStep step, BytesView line);
  bool learn_from_hello(Upstream& u);
  static Bytes unreachable(const Pool& pool);
  BytesView handshake_bytes(Upstream& u, BytesView bytes);
  void handshake_done(Upstream& u);
  void opened(Upstream& u);
  void upstream_gone(Upstream& u, BytesView why, bool close_socket);
  void fail_pending(Upstream& u, const Error& error);
  void wake_waiting(Pool& pool);
  void unpin(Session& s);
  void maybe_unpin(Session& s);
  std::uint32_t intern(const Credentials& credentials);
  void new_generation(BytesView why);

  // engine_replies.cpp: bytes to replies
  void reply_chunk(Upstream& u, BytesView chunk, bool whole);
  void plain_chunk(Upstream& u, Pending& p, BytesView chunk, bool whole);
  void whole_reply(Upstream& u, Pending& p, BytesView chunk, bool dropped);
  void async_chunk(Upstream& u, BytesView chunk, bool whole);
  void async_frame(Upstream& u, Session& s, BytesView frame, bool borrow);
  void confirmed(Upstream& u, Session& s, std::uint32_t replies);
  void refused_subscription(Upstream& u, Session& s);
  bool maps_events(const Session& s, const Request& r) const;
  Verdict subscribe_mapped(Session& s, Request& r, Upstream& u, bool subscribes);
  bool mapped_message(Upstream& u, Session& s, const resp::Reply& message);
  bool leave_shared(Upstream& u, Pending& p);
  void deliver(Session& s, std::uint32_t sequence, BytesView bytes, bool whole, bool borrow);
  void completed(Session& s);
  void write_out(Session& s, BytesView bytes, bool borrow);
  void look_at_error(BytesView line);
  void finish(Upstream& u, Pending& p);

  // engine_runs.cpp: replies of runs
  void run_chunk(Upstream& u, Pending& p, BytesView chunk, bool whole);
  void run_reply(Upstream& u, Pending& p, BytesView reply);
  void pair_reply(Upstream& u, Pending& p, BytesView reply);
  void transaction_reply(Upstream& u, Pending& p, BytesView reply);
  void moves_reply(Upstream& u, Pending& p, BytesView reply);
  void ask(Run& run);
  void ask_reply(Upstream& u, Pending& p, BytesView reply);
  void hook_reply(Upstream& u, Pending& p, BytesView reply);
  void exec_reply(Session& s, Run& run, BytesView reply);
  void view_element(const Transaction::Queued& queued, resp::Reply& element);
  resp::Reply log_view(resp::Reply log);
  resp::Reply keyspace_view(resp::Reply reply, BytesView pattern, int database) const;
  void client_lines_reply(Run& run, BytesView reply);
  void authenticated(Upstream& u);
  void leave_unselected(Session& s, Upstream& u, Run& run, BytesView reply);
  void keyspace_reply(Upstream& u, Pending& p, BytesView reply);
  void dbsize_reply(Upstream& u, Pending& p, BytesView reply);
  void scan_reply(Upstream& u, Pending& p, BytesView reply);
  void judge_move(Run& run, std::size_t index, BytesView reply, Time sent);
  void moves_done(Run& run);
  void put_aside(const Move& move, int database);
  void list_quarantined(const Move& move, int database);
  [[nodiscard]] bool target_wins_all(const Run& run) const noexcept;
  void resolve_conflicts(Run& run);
  void conflict_reply(Upstream& u, Pending& p, BytesView reply);
  void send_conflict_step(Upstream& u, Run& run);
  void next_conflict(Upstream& u, Run& run);
  void settled_conflict(Upstream& u, Run& run);
  void conflicts_over(Run& run);
  Bytes conflict_text(const Move& m, int database) const;
  void identity_reply(Upstream& u, Pending& p, BytesView reply);
  void probe_identity();
  void run_done(Run& run, BytesView reply, bool borrow);
  void fail_run(Run& run, const Error& error);
  Bytes mapped_reply(const Run& run, BytesView reply) const;
  Bytes at_other_names(const Run& run, std::uint64_t at_from) const;

  // engine_turn.cpp: from one change of the control record to the next
  void act_on(std::shared_ptr<const control::Serving> serving);
  void remember_runs(const control::Serving* before, const control::Serving& now);
  [[nodiscard]] const EnsuredUnder* known_under(const control::Serving& before, const control::ServedRun& run,
                                                bool same_era, bool next_era) const noexcept;
  void forget_era();
  void give_up_errands();
  void name_connections();
  bool may_be_named(const Upstream& u) const noexcept;
  void tick_turn();
  [[nodiscard]] bool by_hand() const noexcept;
  [[nodiscard]] bool serves() const noexcept {
    using control::Serving;
    return serving_->records == Serving::Records::serve || settings_.naive == Naive::unheld;
  }
  Bytes connection_name() const;

  // engine_clear.cpp: connections take the name of the change, and the epoch key is read behind it
  void prove(Upstream& u);
  void name_late(Upstream& u);
  void name_connection(Upstream& u);
  bool name_listener(Session& s, Upstream& u);
  void listens_no_more(Upstream& u);
  Pending& clearing_step(Upstream& u, Run& run, std::uint8_t step, std::initializer_list<BytesView> argv);
  [[nodiscard]] bool reads_key_itself(const Upstream& u) const noexcept;
  void read_key(Upstream& u);
  void look_at(Upstream& u);
  void clearing_reply(Upstream& u, Pending& p, BytesView reply);
  void looked_at(std::uint64_t about, bool current, BytesView reply);
  KeySeen judge_key(const resp::Reply& reply) const;
  void key_read(Upstream& u, const resp::Reply& reply);
  void read_key_again(Upstream& u, BytesView why);
  void cleared(Upstream& u);
  void ask_follower(Action::Kind kind, Time& at);
  Upstream* own_connection();

  // engine_renew.cpp: what clients are told without asking
  void renew_listeners(const control::Serving& before);
  void renew_events(Session& s);
  void forget_cached(Session& s);

  // engine_hold.cpp: commands that wait for it
  [[nodiscard]] bool may_start(const Upstream& u) const noexcept { return u.cleared == turn_; }
  Verdict hold(Session& s, const Request& r);
  bool wait_to_be_told(Session& s);
  void wait_held(Session& s);
  Bytes held_out_line() const;
  void wake_held();
  void end_holds();
  void hold_run(Run& run);
  void resume_runs();

  // engine_parked.cpp, engine_stream_ids.cpp, engine_requeue.cpp: commands with a memory
  void keep_parked(Session& s, const Request& r);
  void unblock(Upstream& u);
  void unblock_all();
  bool unblocked(Upstream& u, BytesView line);
  Bytes parked_again(const Session& s) const;
  [[nodiscard]] bool waits_behind_end(const Session& s, const Request& r) const noexcept;
  Verdict ask_ends(Session& s, const Request& r, Upstream& u);
  void stream_end_reply(Run& run, BytesView reply);
  void replace_ends(Session& s, const std::vector<Bytes>& ends);
  void keep_queued(Session& s, const Request& r);
  void lose_transaction(Session& s);
  void queue_again(Session& s);
  void replay(Session& s, Bytes requests);

  // common
  [[nodiscard]] bool known(BytesView stored, const control::ServedRule& rule) const noexcept override;
  void mark(Session& s);
  void mark(Upstream& u);
  void wake(Session& s);
  void close_after_flush(Session& s);
  void close_session(Session& s);
  void reap(Session& s);
  PlanContext context(const Session& s) const noexcept;
  [[nodiscard]] bool paused() const noexcept { return now_ < paused_until_; }
  /// The rules that hold in that database; null: nothing there is in scope.
  [[nodiscard]] const control::ServedDatabase* here(int at) const noexcept { return control::find(served_, at); }
  [[nodiscard]] bool scoped() const noexcept { return !served_.empty(); }
  [[nodiscard]] const control::ServedRule* rule_of(const Move& move, int database) const noexcept;
  [[nodiscard]] const std::string& run_id(const Move& move, int database) const;

  EngineSettings settings_;
  std::shared_ptr<const control::Serving> serving_;  ///< what is acted on; null: not told yet
  std::span<const control::ServedDatabase> served_;  ///< its rules; empty: everything is out of scope
  std::span<const control::ServedRun> runs_served_;  ///< its runs
  bool moving_ = false;                              ///< records of some run may be at either place
  std::vector<EnsuredUnder> unders_;                 ///< by run: under what its records are known to be in place
  std::uint32_t unders_given_ = 0;
  std::uint32_t turn_ = 0;                                  ///< counts what was acted on
  std::uint32_t eras_ = 0;                                  ///< ... and how often the era changed with it
  std::vector<std::uint64_t> unnamed_;                      ///< ids of connections without the name of this turn
  std::vector<std::pair<std::uint64_t, Time>> unread_;      ///< ... whose epoch key is to be read again then
  std::vector<std::pair<std::uint64_t, Time>> unblocking_;  ///< ... whose parked command is to be unblocked again then
  std::vector<Session*> held_;                              ///< in Stall::held, in the order in which they came to wait
  std::vector<std::pair<Run*, Time>> held_runs_;            ///< reads that go on looking for their record then
  Time hold_began_{}, learn_at_{}, help_at_{};
  Bytes epoch_key_;         ///< its name
  Bytes not_cleared_;       ///< why connections could not be cleared
  commands::Table& table_;  ///< of this worker alone: it learns
  commands::RecentRows recent_rows_{table_};
  EngineCounters& counters_;
  EnsuredSet ensured_;
  Time now_{};
  bool draining_ = false;
  bool own_unauthenticated_ = false;  ///< the server wants AUTH and we have no credentials of our own
  bool collected_reply_ = false;      ///< the reply at hand lies in a buffer of the run, not in the read buffer
  bool owned_input_ = false;          ///< the request lies in a session's own buffer: it must be copied, not borrowed
  resp::RequestParser parser_;        ///< shared by all sessions that have no half request
  commands::KeyList keys_;
  Plan plan_;
  Bytes scratch_;
  std::uint64_t next_id_ = 1;
  std::uint32_t jitter_ = 1;
  std::size_t bulky_sessions_ = 0;
  std::uint32_t generation_ = 0;
  int server_version_ = 0;  ///< 700 for 7.0; 0: not known
  Time probed_at_{}, identified_at_{}, last_command_{};
  Time paused_until_{};  ///< CLIENT PAUSE: until then the server may keep any command waiting
  Bytes identity_;
  std::vector<Credentials> credentials_;
  std::map<PoolKey, Pool> pools_;  ///< none is ever taken out
  PoolKey last_pool_key_;          ///< that of last_pool_: most sessions want the same one
  Pool* last_pool_ = nullptr;
  std::int64_t reserved_seen_ = 0;                  ///< keys of ours that the last DBSIZE counted: for one inside MULTI
  std::map<int, bool> databases_;                   ///< those that the server has let us select
  std::vector<std::unique_ptr<Session>> sessions_;  ///< each knows its place
  std::unordered_map<std::uint64_t, std::unique_ptr<Upstream>> upstreams_;
  std::unordered_map<Run*, std::unique_ptr<Run>> runs_;
  std::vector<std::unique_ptr<Run>> spare_runs_;
  std::vector<Session*> runnable_;
  std::vector<Session*> ended_;  ///< those that still get answers after their end of file
  std::vector<Session*> dead_;
  std::vector<std::unique_ptr<Upstream>> gone_;  ///< destroyed at the end of the event
  std::vector<Session*> dirty_sessions_;
  std::vector<Upstream*> dirty_upstreams_;
  std::vector<Action> actions_;
};

}  // namespace keyshift::proxy
