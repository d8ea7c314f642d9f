#include "migration/sweep_pass.hpp"

#include <algorithm>
#include <span>

#include "migration/scan_page.hpp"
#include "resp/encode.hpp"

namespace keyshift::migration {
namespace {

constexpr std::size_t kBatchesInFlight = 2;
constexpr double kPriceOfALook = 0.05;  // what SCAN costs the server for a key, in moves
constexpr Duration kFirstPause = milliseconds(250);
constexpr Duration kLongestPause = seconds(5);
constexpr std::size_t kConflictsKept = 100;
constexpr BytesView kRename = "*3\r\n$8\r\nRENAMENX\r\n";

BytesView first_line(BytesView reply) { return reply.substr(1, reply.find('\r') - 1); }

}  // namespace

SweepBatch batch_for(std::uint32_t keys_per_second) noexcept {
  SweepBatch batch;
  if (keys_per_second == 0) {
    batch.scan_count = 256;
    batch.idle_scan_count = 1000;
    batch.commands = 128;
  }
  return batch;
}

SweepPass::SweepPass(std::shared_ptr<const transforms::RuleSet> rules, Mode mode, Bytes run, SweepBatch batch,
                     std::vector<RuleCounts>& counts, std::uint64_t cursor)
    : rules_(std::move(rules)),
      mode_(mode),
      source_side_(mode == Mode::to_new ? transforms::Side::from : transforms::Side::to),
      run_(std::move(run)),
      batch_(batch),
      counts_(counts),
      cursor_(cursor),
      scan_count_(batch.scan_count),
      backoff_(kFirstPause) {
  const auto& all = rules_->rules();
  if (all.size() == 1 && batch_.scan_match)
    match_glob_ = (source_side_ == transforms::Side::from ? all[0].from : all[0].to).covering_glob();
  if (match_glob_ == "*") match_glob_.clear();
  counts_.resize(all.size());
}

std::optional<std::size_t> SweepPass::page_for_scan() const noexcept {
  // A page is fetched while the one before it is being sent, so that the server never waits for us.
  if (scan_in_flight_ || last_page_) return std::nullopt;
  for (const std::size_t page : {sending_ ^ 1, sending_})
    if (pages_[page].done()) return page;
  return std::nullopt;
}

std::size_t SweepPass::batch_size() const noexcept {
  const Page& page = pages_[sending_];
  const auto rest = std::span(page.moves).subspan(page.sent);
  if (rest.empty()) return 0;
  const auto fits = [&](const Move& move) { return move.end - rest.front().begin <= batch_.bytes; };
  const auto most = rest.first(std::min<std::size_t>(rest.size(), batch_.commands));
  const auto end = std::partition_point(most.begin(), most.end(), fits);
  return std::max<std::size_t>(1, static_cast<std::size_t>(end - most.begin()));
}

SweepPass::Step SweepPass::next(Throttle& throttle, Time now, Bytes& out) {
  const bool drained = expected_.empty() && conflict_replies_ == 0;
  const bool settling = conflict_ || !conflicts_.empty();
  if (!drained && (settling || pause_ != WaitReason::none)) return {Step::Kind::receive, 0, {}, {}};
  if (pause_ != WaitReason::none) {
    if (const auto step = next_pause(now)) return *step;
  } else if (settling) {
    return next_conflict(out);
  }
  return next_moves(throttle, now, out);
}

SweepPass::Step SweepPass::next_moves(Throttle& throttle, Time now, Bytes& out) {
  const bool drained = expected_.empty();
  if (pages_[sending_].sent == pages_[sending_].moves.size()) sending_ ^= 1;
  std::size_t moves = batches_in_flight_ < kBatchesInFlight ? batch_size() : 0;
  const auto scan_page = page_for_scan();
  if (moves == 0 && !scan_page) return {drained ? Step::Kind::ended : Step::Kind::receive, 0, {}, {}};

  const auto grant = throttle.ask(std::max<std::size_t>(moves, 1), now);
  if (grant.keys == 0 && !drained) return {Step::Kind::receive, 0, {}, {}};
  if (grant.keys == 0) return {Step::Kind::wait, 0, grant.until, grant.reason};
  moves = std::min(moves, grant.keys);
  Step step{Step::Kind::send, moves, {}, {}};
  if (scan_page) {
    append_scan(*scan_page, out);
    ++step.replies;
  }
  if (moves > 0) append_moves(moves, out);
  throttle.spend(looked_at_ + static_cast<double>(moves), now);
  looked_at_ = 0;
  return step;
}

void SweepPass::append_scan(std::size_t page, Bytes& out) {
  const std::string cursor = std::to_string(cursor_);
  const std::string count = std::to_string(scan_count_);
  if (match_glob_.empty()) {
    resp::append_command(out, {"SCAN", cursor, "COUNT", count});
  } else {
    resp::append_command(out, {"SCAN", cursor, "MATCH", match_glob_, "COUNT", count});
  }
  scan_in_flight_ = true;
  expected_.push_back({true, page, 1});
}

void SweepPass::append_moves(std::size_t granted, Bytes& out) {
  Page& page = pages_[sending_];
  const std::size_t end = page.sent + granted;
  out.append(page.commands, page.moves[page.sent].begin, page.moves[end - 1].end - page.moves[page.sent].begin);
  page.sent = end;
  ++batches_in_flight_;
  expected_.push_back({false, sending_, static_cast<std::uint32_t>(granted)});
}

Result<void> SweepPass::take(BytesView reply) {
  if (conflict_replies_ > 0) {
    conflict_->take(reply);
    if (--conflict_replies_ == 0 && conflict_->outcome() != ConflictStep::Outcome::open) end_conflict();
    return {};
  }
  if (expected_.empty()) return fail(ErrorCode::upstream, "a reply came that nobody asked for");
  Expected& due = expected_.front();
  Page& page = pages_[due.page];
  if (due.scan) {
    expected_.pop_front();
    scan_in_flight_ = false;
    return take_page(page, reply);
  }
  take_move(page.moves[page.answered++], page, reply);
  if (--due.moves == 0) {
    --batches_in_flight_;
    expected_.pop_front();
  }
  return {};
}

Result<void> SweepPass::take_page(Page& page, BytesView reply) {
  if (reply[0] == '-') {
    refused(WaitReason::refused, "SCAN: " + std::string(first_line(reply)), resume_cursor());
    return {};
  }
  const Error garbled{ErrorCode::upstream, "SCAN got an answer that is not Redis'"};
  ScanPage keys;
  if (!keys.open(reply)) return garbled;
  page.serial = ++serial_;
  page.cursor = cursor_;
  page.commands.clear();
  page.moves.clear();
  page.sent = page.answered = 0;
  scanned_ += keys.keys_left();
  for (BytesView key; keys.next(key);) {
    const transforms::Match match = rules_->match(key);
    if (match.rule >= 0 && match.side == source_side_ && !transforms::reserved(key)) add_move(page, match, key);
  }
  if (keys.damaged()) return garbled;
  cursor_ = keys.cursor();
  last_page_ = cursor_ == 0;
  if (page.moves.size() < scan_count_)
    looked_at_ += kPriceOfALook * static_cast<double>(scan_count_ - page.moves.size());
  scan_count_ = page.moves.empty() ? batch_.idle_scan_count : batch_.scan_count;
  return {};
}

void SweepPass::add_move(Page& page, transforms::Match match, BytesView key) {
  rules_->other_name(match, key, other_);
  Bytes& out = page.commands;
  Move move{};
  move.begin = static_cast<std::uint32_t>(out.size());
  out.append(kRename);
  resp::append_bulk(out, key);
  move.source = static_cast<std::uint32_t>(out.size() - 2 - key.size());
  move.source_size = static_cast<std::uint32_t>(key.size());
  resp::append_bulk(out, other_);
  move.target = static_cast<std::uint32_t>(out.size() - 2 - other_.size());
  move.target_size = static_cast<std::uint32_t>(other_.size());
  move.end = static_cast<std::uint32_t>(out.size());
  move.rule = match.rule;
  page.moves.push_back(move);
}

void SweepPass::take_move(const Move& move, const Page& page, BytesView reply) {
  found_any_ = true;
  RuleCounts& counts = counts_[static_cast<std::size_t>(move.rule)];
  if (reply[0] == ':' && reply[1] == '1') {
    ++counts.found;
    ++counts.moved;
    backoff_ = kFirstPause;
    if (pause_ == WaitReason::none) detail_.clear();
  } else if (reply[0] == ':') {
    conflicts_.push_back({page.cursor, move.rule, page.commands.substr(move.source, move.source_size),
                          page.commands.substr(move.target, move.target_size)});
  } else if (first_line(reply) == "ERR no such key") {
    ++counts.found;
    ++counts.gone;
  } else {
    ++counts.failed;
    refused(WaitReason::refused, "RENAMENX: " + std::string(first_line(reply)), page.cursor);
  }
}

void SweepPass::refused(WaitReason reason, std::string detail, std::uint64_t cursor) {
  found_any_ = true;
  if (pause_ != WaitReason::none) return;
  pause_ = reason;
  detail_ = std::move(detail);
  // Replies come in order, so the first conflict not settled or the first refusal is in the older page.
  redo_cursor_ = conflicts_.empty() ? cursor : conflicts_.front().cursor;
}

std::optional<SweepPass::Step> SweepPass::next_pause(Time now) {
  if (!pause_until_) {
    pause_until_ = now + backoff_;
    backoff_ = std::min(backoff_ * 2, kLongestPause);
  }
  if (now < *pause_until_) return Step{Step::Kind::wait, 0, *pause_until_, pause_};
  rewind();
  return std::nullopt;
}

void SweepPass::rewind() {
  cursor_ = resume_cursor();
  last_page_ = false;
  scan_in_flight_ = false;
  for (Page& page : pages_) page = Page();
  expected_.clear();
  batches_in_flight_ = 0;
  conflicts_.clear();
  conflict_.reset();
  conflict_replies_ = 0;
  pause_ = WaitReason::none;
  pause_until_.reset();
}

void SweepPass::connection_lost() {
  found_any_ = true;
  rewind();
}

SweepPass::Step SweepPass::next_conflict(Bytes& out) {
  if (!conflict_) {
    const Pair& pair = conflicts_.front();
    conflict_.emplace(pair.source, pair.target, run_, mode_, rules_->policy().conflict);
  }
  conflict_replies_ = conflict_->next(out);
  return Step{Step::Kind::send, conflict_replies_, {}, {}};
}

void SweepPass::end_conflict() {
  using Outcome = ConflictStep::Outcome;
  const Outcome outcome = conflict_->outcome();
  const std::int32_t rule = conflicts_.front().rule;
  const std::string record =
      rules_->rules()[static_cast<std::size_t>(rule)].name + ": " + printable(conflict_->source());
  RuleCounts& counts = counts_[static_cast<std::size_t>(rule)];
  const bool known = outcome == Outcome::left && left_conflict_ == conflict_->source();
  if ((outcome == Outcome::settled || outcome == Outcome::left) && !known) {
    ++counts.found;
    ++counts.conflicts;
    const std::string what =
        outcome == Outcome::left ? " (left, by policy stop)" : " (loser at " + printable(conflict_->quarantine()) + ")";
    if (conflicts_met_.size() < kConflictsKept) conflicts_met_.push_back(record + what);
  }
  if (outcome == Outcome::settled) ++counts.quarantined;
  if (outcome == Outcome::refused) {
    ++counts.failed;
    refused(WaitReason::refused, "settling a conflict: " + conflict_->why(), conflicts_.front().cursor);
  }
  if (outcome == Outcome::left) {
    left_conflict_ = conflict_->source();
    refused(WaitReason::conflict,
            record + " exists as " + printable(conflict_->target()) + " too (delete or rename one of both)",
            conflicts_.front().cursor);
  }
  conflicts_.pop_front();
  conflict_.reset();
}

std::uint64_t SweepPass::resume_cursor() const noexcept {
  if (pause_ != WaitReason::none) return redo_cursor_;
  if (!conflicts_.empty()) return conflicts_.front().cursor;
  const Page* oldest = nullptr;
  for (const Page& page : pages_)
    if (!page.done() && (!oldest || page.serial < oldest->serial)) oldest = &page;
  return oldest ? oldest->cursor : cursor_;
}

std::vector<std::string> SweepPass::conflicts_met() { return std::exchange(conflicts_met_, {}); }

double pass_estimate(std::uint64_t cursor) noexcept {
  double fraction = 0;
  for (double part = 0.5; cursor != 0; cursor >>= 1, part /= 2)
    if ((cursor & 1) != 0) fraction += part;
  return std::min(fraction, 0.99);
}

double remaining_estimate(std::uint64_t met, double from, double to) noexcept {
  constexpr double least = 0.01;  // of the table: below it the estimate would jump
  if (to - from < least) return -1;
  return static_cast<double>(met) / (to - from) * (1 - to);
}

}  // namespace keyshift::migration
