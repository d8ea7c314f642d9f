#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "control/change.hpp"

namespace keyshift::control {

/// What a connection of ours may carry, as its name at the server says (docs/protocol.md, "Connections").
enum class Carries : std::uint8_t {
  records,  ///< keyshift:<proxy>:<epoch>.<word>: any command; under that change
  free,     ///< keyshift:<proxy>:free=<epoch>.<word>: only commands out of every rule's scope; the change is the scope
  none,     ///< keyshift:<proxy>:none: no key ever (subscriptions, MONITOR, probes)
  control,  ///< keyshift:<proxy>:ctl: compare-and-set of the control record and its keys
};

/// A name that is one of ours.
struct ConnectionName {
  std::string proxy;
  Carries carries = Carries::none;
  ChangeId id;  ///< of `records` and `free`; 0.0 before there is a record
  bool operator==(const ConnectionName&) const = default;
};

std::string text(const ConnectionName& name);
/// None: not a name of ours. Whoever connects with such a name and is not us bypasses us like any other client.
std::optional<ConnectionName> connection_name_of(std::string_view text);

/// What the look of a flip does with a connection (docs/protocol.md, "Turning").
enum class Standing : std::uint8_t {
  in_step,  ///< exactly at the hold, or carries no record
  late,     ///< ours and not at the hold: to be killed when the grace is over
  foreign,  ///< not ours: a client that bypasses the proxies
};
/// `name`: what CLIENT LIST shows. A free connection is in step when its scope is exactly that of the hold.
Standing standing(std::string_view name, const Change& hold);

}  // namespace keyshift::control
