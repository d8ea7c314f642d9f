#pragma once
#include <cstdint>
#include <optional>

#include "control/change.hpp"

namespace keyshift::control {

/// Mistakes that tests plant in a driver, to see that they are noticed (docs/simulation.md). No option leads here.
enum class FlipNaive : std::uint8_t {
  none,
  no_kill,     ///< late connections are left alone when the grace is over
  away,        ///< only primaries are asked for their connections
  parked,      ///< connections that are blocked in a command count as in step
  name_epoch,  ///< names are compared by their epoch, without the word
  set_key,     ///< a key is set whatever it may replace
  skip_hold,   ///< a serve replaces any key of a lower epoch
  back_era,    ///< a hold replaces any key of a lower epoch, and carries the record's own era
  unshown,     ///< replicas need not show a change in their keys
  cur_first,   ///< a change is current before any key shows it
  stale_look,  ///< a look counts although the server failed over behind it
  end_forced,  ///< a forced hold is ended like any other
};

/// may_replace() (change_rules.hpp) with the mistakes of `naive`.
bool may_replace(const std::optional<Change>& found, const Change& change, FlipNaive naive) noexcept;

}  // namespace keyshift::control
