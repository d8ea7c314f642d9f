#pragma once
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "control/change.hpp"
#include "control/control_record.hpp"

namespace keyshift::control {

/// What a proxy makes of the control record each time it has read it: whether it may act on it, and when it must do
/// what nobody else does (docs/protocol.md, "A hold cannot get stuck", "A record that went back"). One thread.
class Following {
 public:
  /// True when the record is of before what this proxy acts on: a failover lost that. Nobody acts on it then.
  static bool went_back(const ChangeId& cur, const ChangeId& acted) noexcept;

  /// The record was read. A hold that whoever began it does not end, a change that nobody finishes, a record that went
  /// back: after `hold_limit` anybody may settle it. Gives the epoch that the settling must go above (0: none) when it
  /// is to be begun now; nothing more until settled().
  std::optional<std::uint64_t> watch(const ControlRecord& record, const ChangeId& acted, Duration hold_limit, Time now);
  /// The settling that was begun is over, whatever came of it.
  void settled() noexcept;
  /// True while something is not as it should be: look often.
  [[nodiscard]] bool restless() const noexcept { return since_.has_value(); }

  /// A server's epoch key was to be brought to what is acted on, and was or was not. True: that was in vain too often;
  /// only a hold above all that is known puts it right, and is to be begun now; nothing more until settled().
  bool help_in_vain(bool helped) noexcept;
  /// Another change is acted on.
  void acts_anew() noexcept { in_vain_ = 0; }

 private:
  std::optional<Time> since_;  ///< a hold, or a change under way, is there since
  ChangeId restless_;          ///< which
  int in_vain_ = 0;            ///< how often a key could not be helped, one after the other
  bool settling_ = false;
};

}  // namespace keyshift::control
