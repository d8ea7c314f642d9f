#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace keyshift::migration {

/// What a proxy does with a command on a record whose old key is O and whose new key is N (docs/protocol.md, "Words").
enum class Mode : std::uint8_t {
  old,     ///< run at O
  to_new,  ///< ensure the record is at N, then run at N
  at_new,  ///< "new": run at N without looking
  to_old,  ///< ensure the record is at O, then run at O
};

/// Which schema an app speaks: its names are those of the migration's `from` side or of its `to` side.
enum class View : std::uint8_t { old, at_new };

inline constexpr std::string_view name(Mode mode) noexcept {
  switch (mode) {
    case Mode::old:
      return "old";
    case Mode::to_new:
      return "to-new";
    case Mode::at_new:
      return "new";
    case Mode::to_old:
      return "to-old";
  }
  return "?";
}

inline constexpr std::optional<Mode> mode_of(std::string_view name_of_mode) noexcept {
  for (const Mode m : {Mode::old, Mode::to_new, Mode::at_new, Mode::to_old})
    if (name(m) == name_of_mode) return m;
  return std::nullopt;
}

/// Where commands run in `mode`: true at N, false at O.
inline constexpr bool runs_at_new(Mode mode) noexcept { return mode == Mode::to_new || mode == Mode::at_new; }
/// True in the two modes in which a record may still be at its other place.
inline constexpr bool moving(Mode mode) noexcept { return mode == Mode::to_new || mode == Mode::to_old; }

}  // namespace keyshift::migration
