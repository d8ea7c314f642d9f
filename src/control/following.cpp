#include "control/following.hpp"

namespace keyshift::control {
namespace {
constexpr int kInVain = 5;
}  // namespace

bool Following::went_back(const ChangeId& cur, const ChangeId& acted) noexcept {
  return cur.epoch < acted.epoch || (cur.epoch == acted.epoch && cur != acted);
}

std::optional<std::uint64_t> Following::watch(const ControlRecord& record, const ChangeId& acted, Duration hold_limit,
                                              Time now) {
  const bool back = went_back(record.cur.id, acted);
  if (record.settled() && !record.cur.hold && !back) {
    since_.reset();
    return std::nullopt;
  }
  if (!since_ || restless_ != record.next.id) since_ = now;
  restless_ = record.next.id;
  if (settling_ || now - *since_ < hold_limit) return std::nullopt;
  settling_ = true;
  // One more: the record may have gone back to another change of the same epoch.
  return back ? acted.epoch + 1 : 0;
}

void Following::settled() noexcept {
  settling_ = false;
  since_.reset();
}

bool Following::help_in_vain(bool helped) noexcept {
  in_vain_ = helped ? 0 : in_vain_ + 1;
  if (in_vain_ < kInVain || settling_) return false;
  in_vain_ = 0;
  settling_ = true;
  return true;
}

}  // namespace keyshift::control
