#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "control/change.hpp"
#include "control/control_record.hpp"
#include "control/flip_naive.hpp"
#include "control/look.hpp"
#include "control/steps.hpp"

namespace keyshift::control {

/// One change of the control record that somebody wants carried out (docs/protocol.md, "The flip").
struct ChangeRequest {
  /// The table of runs with the wish or the new run in it (with_wish, with_run), made from the change that is found
  /// there; `by`: the id of the change that will carry it. Unchanged: there is nothing to do any more. An error refuses
  /// the request. Called once per attempt, so it must be a pure function. Unset: only finish what is under way, end
  /// holds and bring the epoch keys into step (`settle`).
  using Edit = std::function<Result<Change>(const Change& cur, const ChangeId& by)>;
  Edit edit;
  /// Hold the fleet and look at everything even if no step asks for it: before anything is cleaned away.
  bool hold = false;
  /// Where there is no record yet, begin one.
  bool create = false;
  /// The highest epoch that the caller has acted on: when the record's is lower, it went back, and what follows is a
  /// hold above both.
  std::uint64_t known_epoch = 0;
  /// Begin no hold while somebody marks that he takes a backup: it is waited for, as long as `patience` says.
  bool heed_backup = false;
  Bypass bypass;
  Duration hold_limit = seconds(2);    ///< how long commands may be held (limits.hold)
  Duration grace = milliseconds(150);  ///< before late connections are killed
  Duration patience = seconds(30);     ///< after this time without an end, the outcome says where it stands
  FlipNaive naive = FlipNaive::none;   ///< for tests
  /// Fields of the audit entry that goes with each change made for this request: who, what, run, details.
  std::vector<std::pair<Bytes, Bytes>> audit;
};

/// How it ended.
struct ChangeOutcome {
  enum class End : std::uint8_t {
    done,        ///< cur of the record has it, and every primary's epoch key shows it
    already,     ///< there was nothing to do
    refused,     ///< nothing was begun: `reason`
    called_off,  ///< a hold was begun and ended again in the same era: `reason`
    under_way,   ///< a change is written that only goes forward, and a node does not answer: whoever comes next ends it
  };
  End end = End::done;
  std::string reason;                 ///< for people; empty when done
  std::optional<Change> cur;          ///< what was current at the end, as far as known
  Duration held{};                    ///< from the hold to the serve
  std::size_t killed = 0;             ///< connections that the servers closed
  std::vector<BypassClient> foreign;  ///< clients past the proxies, seen in the last look
};

/// A server as the driver sees it. Told by ask `nodes`.
struct Node {
  std::string name;  ///< host:port
  bool primary = false;
  std::string trouble;  ///< why it may not be asked or trusted now (loading, syncing, unreachable); empty: fine
  bool operator==(const Node&) const = default;
};

/// What the flip wants done next. Only one thing at a time; the answer goes to resume().
struct FlipAsk {
  enum class Kind : std::uint8_t {
    read_record,  ///< MULTI, ROLE, HGETALL, EXEC at the primary; believed from a primary only
    set_record,   ///< compare `seen_cur`, `seen_next` (0.0: no record) and `identity`; then `cur`, `next`, audit
    nodes,        ///< the list of nodes, and which life of which primary this is
    read_key,     ///< the epoch key of `node`, read there
    set_key,      ///< compare the key's id with `seen_key` (0.0: absent), then `change`; at a primary
    look,         ///< CLIENT LIST of `node`
    kill,         ///< CLIENT KILL ID of each of `ids` at `node`
    probe,        ///< a key written at each primary is read on each node before `limit` is over
    tell,         ///< PUBLISH of `words`
    wait,         ///< nothing for `limit`
    end,          ///< outcome() says how
  };
  Kind kind = Kind::end;
  std::string node;
  ChangeId seen_cur, seen_next, seen_key;
  std::string identity;             ///< of set_record: must still be so; empty: not asked
  bool heed_backup = false;         ///< of set_record: not while a backup is marked, which is trouble
  std::optional<Change> cur, next;  ///< of set_record: fields to write
  std::optional<Change> change;     ///< of set_key
  std::vector<std::uint64_t> ids;
  Bytes words;
  std::vector<std::pair<Bytes, Bytes>> audit;  ///< of set_record: fields of the entry that is written with it; none: no
                                               ///< entry
  Duration limit{};
};

/// What came of it.
struct FlipAnswer {
  std::string trouble;                  ///< could not be done or asked, or its outcome is unknown: why; empty: it could
  bool done = false;                    ///< set_record, set_key: the comparison held, it is written
  std::optional<ControlRecord> record;  ///< read_record; none: there is none
  std::vector<Node> nodes;
  std::string identity;       ///< nodes: of the primaries
  std::optional<Change> key;  ///< read_key; none: absent
  Bytes clients;              ///< look: the text of CLIENT LIST
};

/// Carries one request: the driver's side of the protocol as a machine that is told what came of what it asked for.
/// It may be dropped at any moment: whoever comes next finishes what it began. Not to be moved.
class Flip {
 public:
  /// `words` draws the random words of changes.
  Flip(ChangeRequest request, std::function<std::uint64_t()> words);
  Flip(const Flip&) = delete;
  Flip& operator=(const Flip&) = delete;

  /// The first ask. Valid, like those of resume(), until the next call.
  const FlipAsk& begin(Time now);
  const FlipAsk& resume(FlipAnswer answer, Time now);
  /// Once an ask was `end`.
  [[nodiscard]] const ChangeOutcome& outcome() const noexcept { return outcome_; }

 private:
  /// What a part of the procedure comes to.
  enum class Verdict : std::uint8_t {
    go_on,   ///< what was asked for is so
    again,   ///< something is otherwise than thought, or could not be asked: read the record and decide anew
    misfit,  ///< a server knows of a change that the record does not: a hold above all of them
    end,     ///< outcome_ is final
  };
  struct Asking;  ///< awaits the answer to ask_

  Steps<bool> run();
  Steps<Verdict> round();
  Steps<Verdict> first_record();
  Steps<Verdict> never_knew(std::string node);
  // Nothing is under way (flip.cpp).
  Steps<Verdict> begin_change();
  Steps<Verdict> begin_hold(Change hold);
  Steps<Verdict> end_request();
  // `next` is something else than `cur` (flip_turn.cpp).
  Steps<Verdict> finish();
  Steps<Verdict> hold_above();
  Steps<Verdict> list_nodes();
  Steps<Verdict> keys_of_primaries(Change change);
  Steps<Verdict> key_of(std::string node, const Change& change);
  Steps<Verdict> shown_everywhere(Change change, Time until);
  // `cur` is a hold (flip_hold.cpp).
  Steps<Verdict> carry_hold();
  Steps<Verdict> look_everywhere(const Change& hold);
  Steps<Verdict> look_once(const Change& hold);
  Steps<Verdict> kill_late();
  Steps<Verdict> call_off(std::string reason);

  Asking ask(FlipAsk what);
  Steps<Verdict> pause(std::string trouble);
  FlipAsk record_ask() const;
  std::vector<std::pair<Bytes, Bytes>> audit_of(const Change& change, Bytes turn) const;
  void out_of_patience();
  Verdict ended(ChangeOutcome::End end, std::string reason = {});
  void found(const Change& key);

  ChangeRequest request_;
  std::function<std::uint64_t()> words_;
  ChangeOutcome outcome_;
  FlipAsk ask_;
  FlipAnswer answer_;
  std::coroutine_handle<> waiting_;
  Time now_{}, began_{};
  std::string trouble_;   ///< the last one, for a reason
  Duration pause_{};      ///< the last one
  ControlRecord record_;  ///< as read at the beginning of this round
  bool seen_record_ = false;
  std::vector<Node> nodes_;
  std::string identity_;
  std::uint64_t above_ = 0;        ///< highest epoch found in a key or a name
  std::optional<Change> highest_;  ///< the key of the highest era found
  // Of the hold that is carried.
  ChangeId hold_id_;
  Time held_since_{};
  std::optional<Time> grace_until_;
  std::size_t late_before_ = 0;                                           ///< late connections in the look before
  std::vector<std::pair<std::string, std::vector<std::uint64_t>>> late_;  ///< by node
  // Of what was begun for the request.
  std::optional<Change> mine_;  ///< its hold, or the change without one
  bool looked_ = false;         ///< a serve came out of a hold that was looked at, by this driver
  int attempts_ = 0;
  std::string called_off_;
  std::optional<Steps<bool>> steps_;  ///< last: ends before what it uses
};

}  // namespace keyshift::control
