#include "control/change_rules.hpp"

#include <algorithm>

#include "control/flip_naive.hpp"

namespace keyshift::control {

bool may_replace(const std::optional<Change>& found, const Change& change) noexcept {
  if (!found) return !change.prev && !change.hold;
  if (change.hold) return found->id.epoch < change.id.epoch && found->era <= change.era;
  return found->id == change.prev;
}

bool may_replace(const std::optional<Change>& found, const Change& change, FlipNaive naive) noexcept {
  const bool lower = found && found->id.epoch < change.id.epoch;
  if (naive == FlipNaive::set_key) return true;
  if (naive == FlipNaive::skip_hold && !change.hold && lower) return true;
  if (naive == FlipNaive::back_era && change.hold && lower) return true;
  return may_replace(found, change);
}

KeyView view_of_key(const std::optional<ChangeId>& found, const ChangeId& cur) noexcept {
  if (!found) return KeyView::absent;
  if (*found == cur) return KeyView::same;
  return found->epoch < cur.epoch ? KeyView::helpable : KeyView::ahead;
}

Change hold_after(const Change& cur, std::uint64_t above, std::uint64_t era, std::uint64_t word) {
  Change out = cur;
  out.id = {std::max(cur.id.epoch, above) + 1, word};
  out.prev = cur.id;
  out.forced = era > cur.era || (cur.hold && cur.forced);
  out.hold = true;
  out.era = std::max(cur.era, era);
  return out;
}

namespace {
Change serve_after(const Change& from, std::uint64_t word) {
  Change out = from;
  out.id = {from.id.epoch + 1, word};
  out.prev = from.id;
  out.hold = out.forced = false;
  return out;
}
}  // namespace

Change serve_same_era(const Change& hold, std::uint64_t word) { return serve_after(hold, word); }

Change serve_next_era(const Change& hold, std::uint64_t word) {
  Change out = serve_after(hold, word);
  ++out.era;
  return out;
}

Change change_without_hold(const Change& cur, std::uint64_t word) { return serve_after(cur, word); }

Change first_change(std::uint64_t word) {
  Change out;
  out.id = {1, word};
  out.scope = out.id;
  return out;
}

bool begins_era(const Change& from, const Change& serve) noexcept { return serve.era != from.era; }

}  // namespace keyshift::control
