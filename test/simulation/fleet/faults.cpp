// What goes wrong in a run, and what its operators want.
#include <algorithm>

#include "control/connection_name.hpp"
#include "control/phases.hpp"
#include "fleet.hpp"
#include "migration/reserved_name.hpp"

namespace keyshift::simulation {

using control::Change;
using control::Wanted;

namespace {

transforms::AllowedClient everybody() {
  transforms::AllowedClient out;
  out.user = "default";
  return out;
}

}  // namespace

std::optional<control::ControlRecord> Fleet::record() {
  const Value* found = cluster_.primary().redis.find(0, migration::control_record_name());
  if (found == nullptr) return std::nullopt;
  std::vector<BytesView> fields;
  for (const auto& [field, text] : found->hash) {
    fields.emplace_back(field);
    fields.emplace_back(text);
  }
  auto read = control::read_record(fields);
  return read ? *read : std::nullopt;
}

/// 1: the hold is written, keys are to show it; 2: connections take its name; 3: all have, or are killed; 4: the serve
/// is next. 0: no flip.
std::size_t Fleet::flip_step() {
  const auto found = record();
  if (!found) return 0;
  if (!found->settled()) return found->next.hold ? 1 : found->cur.hold ? 4 : 0;
  if (!found->cur.hold) return 0;
  const Value* key = cluster_.primary().redis.find(0, migration::epoch_key_name());
  if (key == nullptr || control::read_change_id(key->text) != found->cur.id) return 1;
  for (const auto& [id, link] : cluster_.primary().redis.links())
    if (!link->killed && control::standing(link->name, found->cur) == control::Standing::late) return 2;
  return 3;
}

void Fleet::faulted(std::size_t count) { out_.faults[flip_step()] += count; }

void Fleet::fault() {
  // Half of what stops or kills drivers and proxies waits for a flip: that is where it hurts.
  if (dice_.once_in(rough_.kill_proxy) && (dice_.pick(2) == 0 || flip_step() != 0)) {
    const std::size_t which = dice_.pick(proxies_.size());
    if (proxies_[which]) faulted(), kill_proxy(which);
  }
  if (dice_.once_in(rough_.stop_proxy)) {
    const std::size_t which = dice_.pick(proxies_.size());
    const Duration how_long = milliseconds(dice_.pick(2) == 0 ? 20 + dice_.pick(200) : 200 + dice_.pick(3000));
    if (proxies_[which] && !proxies_[which]->stopped()) faulted(), proxies_[which]->stop_until(around_.now + how_long);
  }
  auto& driver = drivers_[dice_.pick(drivers_.size())];
  if (dice_.once_in(rough_.kill_driver) && driver) faulted(), driver.reset();
  if (dice_.once_in(rough_.stop_driver) && driver)
    faulted(), driver->stopped_until = around_.now + milliseconds(10 + dice_.pick(1500));
  if (dice_.once_in(rough_.cut)) faulted(), network_.cut(around_.now);
  if (dice_.once_in(rough_.slow))
    network_.slow(around_.now + milliseconds(1 + dice_.pick(dice_.pick(3) == 0 ? 1000 : 60)));
  if (dice_.once_in(rough_.refuse)) refusing_until_ = around_.now + milliseconds(1 + dice_.pick(30));
  if (dice_.once_in(rough_.fail_over)) {
    fail_over();
  }
  if (cluster_.split() && dice_.once_in(200)) come_back();
}

/// Refusals hurt most where records have just begun to move: all writes are refused for a while, or the moves alone.
void Fleet::turned(const control::Serving& serving) {
  const bool moves = !serving.runs.empty() && migration::moving(serving.runs.front().mode);
  if (calm_ || rough_.refuse == 0 || serving.change.hold || !moves || dice_.pick(3) != 0) return;
  const Time until = around_.now + milliseconds(1 + dice_.pick(60));
  (dice_.pick(2) == 0 ? refusing_until_ : refusing_moves_until_) = until;
}

/// The old primary may go on as one for a while, which nobody lists: it comes back without connections, as the protocol
/// asks. Or it is a replica at once, and its connections outlive that and what comes.
void Fleet::fail_over() {
  faulted();
  come_back();
  Node& before = cluster_.primary();
  cluster_.fail_over(dice_);
  if (&before == &cluster_.primary()) return;
  if (!survivors_) network_.cut_off(before);
  const bool unaware =
      std::any_of(proxies_.begin(), proxies_.end(), [](const auto& proxy) { return proxy && proxy->stopped(); });
  if (survivors_ || unaware) oracle_.values = false;
  const bool at_once = dice_.pick(2) == 0;
  if (at_once && survivors_) return cluster_.demote_old();
  if (at_once) come_back();
}

void Fleet::come_back() {
  if (!cluster_.split()) return;
  network_.cut_off(*cluster_.old());
  cluster_.demote_old();
}

/// What comes next in a migration there and back, as far as its gates are open.
Result<Change> Fleet::next_wish(const Change& cur, const Driver* driver) {
  if (cur.runs.empty()) return cur;
  const control::Phase phase = cur.runs.front().phase;
  const bool clean = clean_ && clean_->era == cur.era && driver != nullptr && clean_->life == driver->identity();
  Wanted wanted = Wanted::nothing;
  switch (phase) {
    case control::Phase::observe:
      wanted = Wanted::start;
      break;
    case control::Phase::migrate:
      wanted = clean && cur.id.word % 2 == 0 ? Wanted::cutover : Wanted::rollback;
      break;
    case control::Phase::cutover:
      wanted = Wanted::rollback;
      break;
    case control::Phase::rollback:
      wanted = clean && cur.id.word % 2 == 0 ? Wanted::observe : Wanted::start;
      break;
    case control::Phase::complete:
      break;
  }
  if (wanted == Wanted::nothing) return cur;
  return control::with_wish(cur, "users", wanted);
}

void Fleet::start_driver(std::size_t slot) {
  control::ChangeRequest request;
  request.naive = plan_.flip_naive;
  // Connections without a name are not waited for: exporters come and go.
  request.bypass.allow.push_back(everybody());
  auto self = std::make_shared<Driver*>(nullptr);
  auto began_at = std::make_shared<std::optional<std::uint64_t>>();
  if (dice_.pick(6) != 0)
    request.edit = [this, self, began_at](const Change& cur, const control::ChangeId&) -> Result<Change> {
      // One step for each request: when the era or the phase has changed, somebody has made it.
      if (!*began_at) *began_at = cur.era * 16 + static_cast<std::uint64_t>(cur.runs.front().phase);
      if (**began_at != cur.era * 16 + static_cast<std::uint64_t>(cur.runs.front().phase)) return cur;
      return next_wish(cur, *self);
    };
  drivers_[slot] = std::make_unique<Driver>(around_, "operator" + std::to_string(slot), std::move(request));
  *self = drivers_[slot].get();
  drivers_[slot]->on_change = [this](const Change& change) { oracle_.note(change); };
  drivers_[slot]->start();
}

void Fleet::operate() {
  for (std::size_t slot = 0; slot < drivers_.size(); ++slot) {
    auto& driver = drivers_[slot];
    if (driver && driver->done()) {
      out_.killed += driver->kills;
      driver.reset();
    }
    if (!driver && !calm_ && dice_.once_in(slot == 0 ? 6 : 60)) start_driver(slot);
  }
}

}  // namespace keyshift::simulation
