#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "migration/conflict.hpp"
#include "migration/mode.hpp"
#include "migration/sweep_counts.hpp"
#include "migration/sweep_state.hpp"
#include "migration/throttle.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::migration {

/// How much a pass sends at once. Bursts hurt clients of the server more than the rate does; see docs/sweeping.md.
struct SweepBatch {
  std::uint32_t scan_count = 100;       ///< COUNT of SCAN
  std::uint32_t idle_scan_count = 100;  ///< COUNT behind a page without anything to move
  std::uint32_t commands = 32;          ///< moves in one batch; two batches are in flight
  std::uint32_t bytes = 8 * 1024;       ///< of one batch
  bool scan_match = true;               ///< MATCH by the server when one rule's glob covers all that is looked for
};
/// The sizes for a sweep that is held to `keys_per_second` (0: as fast as it goes, so larger).
SweepBatch batch_for(std::uint32_t keys_per_second) noexcept;

/// One pass over the keys of one database of one server, without I/O: SCAN from a cursor to 0, RENAMENX of every key on
/// the side that the mode leaves, pipelined; records that exist under both names by policy (ConflictStep).
///
/// The caller does what next() says and passes each whole raw reply to take(), in order. Nothing is lost when it stops
/// at any point: a pass that begins again at resume_cursor() finds what was not moved. One thread.
class SweepPass {
 public:
  /// `mode` is to_new or to_old. `counts` has one entry per rule; it is added to and outlives the pass.
  SweepPass(std::shared_ptr<const transforms::RuleSet> rules, Mode mode, Bytes run, SweepBatch batch,
            std::vector<RuleCounts>& counts, std::uint64_t cursor = 0);

  struct Step {
    enum class Kind : std::uint8_t {
      send,     ///< `out` holds commands for `replies` replies: write them, then call next() again
      receive,  ///< replies are due: pass at least one to take()
      wait,     ///< nothing to do before `until`, for `reason`
      ended,    ///< the last page is answered
    } kind = Kind::ended;
    std::size_t replies = 0;
    Time until{};
    WaitReason reason = WaitReason::none;
  };

  /// What to do now. Commands are appended to `out`, so that several sends can go in one write.
  Step next(Throttle& throttle, Time now, Bytes& out);

  /// One whole reply. An error means that the server does not speak as Redis does: close the connection.
  Result<void> take(BytesView reply);

  /// The connection is lost: what was in flight has an unknown outcome and is looked at again. The pass goes on at
  /// resume_cursor() on the next connection.
  void connection_lost();
  /// Right after connection_lost(): go on at `cursor` instead (0 when the server is another process).
  void go_on_at(std::uint64_t cursor) noexcept { cursor_ = cursor; }

  /// Every key in front of this SCAN cursor is dealt with.
  [[nodiscard]] std::uint64_t resume_cursor() const noexcept;
  /// True when this pass met a record to move, or was refused anything: it is no clean pass.
  [[nodiscard]] bool found_any() const noexcept { return found_any_; }
  /// Keys that SCAN has shown.
  [[nodiscard]] std::uint64_t scanned() const noexcept { return scanned_; }
  /// Why the server refused, or which record stopped the pass; empty when nothing did lately.
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
  /// Conflicts met since the last call, in words (keys printable), at most a hundred.
  std::vector<std::string> conflicts_met();

 private:
  struct Move {
    std::uint32_t begin, end;                   ///< of its command in Page::commands
    std::uint32_t source, target, target_size;  ///< where the names lie in there
    std::int32_t rule;
    std::uint32_t source_size;
  };
  struct Page {
    std::uint64_t serial = 0;  ///< order of the pages
    std::uint64_t cursor = 0;  ///< that fetched it
    Bytes commands;            ///< RENAMENX of all its keys, encoded
    std::vector<Move> moves;
    std::size_t sent = 0, answered = 0;
    [[nodiscard]] bool done() const noexcept { return answered == moves.size(); }
  };
  struct Expected {
    bool scan;
    std::size_t page;
    std::uint32_t moves;  ///< replies still to come for this batch; 1 for a SCAN
  };

  [[nodiscard]] Step next_moves(Throttle& throttle, Time now, Bytes& out);
  void append_scan(std::size_t page, Bytes& out);
  void append_moves(std::size_t granted, Bytes& out);
  [[nodiscard]] std::size_t batch_size() const noexcept;
  [[nodiscard]] std::optional<std::size_t> page_for_scan() const noexcept;
  Step next_conflict(Bytes& out);
  std::optional<Step> next_pause(Time now);
  Result<void> take_page(Page& page, BytesView reply);
  void take_move(const Move& move, const Page& page, BytesView reply);
  void add_move(Page& page, transforms::Match match, BytesView key);
  void end_conflict();
  void refused(WaitReason reason, std::string detail, std::uint64_t cursor);
  void rewind();

  std::shared_ptr<const transforms::RuleSet> rules_;
  Mode mode_;
  transforms::Side source_side_;
  Bytes run_;
  SweepBatch batch_;
  std::vector<RuleCounts>& counts_;
  Bytes match_glob_;

  std::array<Page, 2> pages_;  ///< one is answered while the next is sent
  std::size_t sending_ = 0;    ///< index of the page whose moves go out
  std::uint64_t serial_ = 0;
  bool scan_in_flight_ = false;
  bool last_page_ = false;    ///< SCAN has answered 0
  std::uint64_t cursor_;      ///< for the next SCAN
  std::uint32_t scan_count_;  ///< its COUNT
  std::deque<Expected> expected_;
  std::size_t batches_in_flight_ = 0;
  double looked_at_ = 0;  ///< price of keys scanned and not charged yet, in moves

  struct Pair {
    std::uint64_t cursor;
    std::int32_t rule;
    Bytes source, target;
  };
  std::deque<Pair> conflicts_;
  std::optional<ConflictStep> conflict_;
  std::size_t conflict_replies_ = 0;
  Bytes left_conflict_;  ///< source of the record that policy stop left, so that it counts once

  WaitReason pause_ = WaitReason::none;  ///< drain, wait, rewind
  std::optional<Time> pause_until_;
  std::uint64_t redo_cursor_ = 0;  ///< with pause_: of the page that was refused something
  Duration backoff_;
  std::string detail_;
  std::vector<std::string> conflicts_met_;
  Bytes other_;
  std::uint64_t scanned_ = 0;
  bool found_any_ = false;
};

/// How far a pass is, from 0 to 0.99: SCAN walks the table by the bits of its cursor in reverse order, the lowest bit
/// last (redis dict.c, dictScan), whatever the size of the table is. An estimate: tables grow and shrink meanwhile.
double pass_estimate(std::uint64_t cursor) noexcept;

/// How many records a pass has still to meet that has met `met` on its way from the share `from` to the share `to` of
/// the table (pass_estimate), if they lie evenly in it: SCAN walks in the order of their hashes. < 0: too early to say.
double remaining_estimate(std::uint64_t met, double from, double to) noexcept;

}  // namespace keyshift::migration
