#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/errors.hpp"
#include "base/reused.hpp"
#include "resp/commands/command.hpp"

namespace keyshift::proxy {

/// How a command is served, as people count it (metric label `route`).
enum class Route : std::uint8_t {
  forward,  ///< the original bytes go through
  rewrite,  ///< names replaced, nothing to move
  ensure,   ///< the move of its records goes with it or before it
  refuse,   ///< answered with an error that names rule and reason
};

/// How the moves travel with the command.
enum class Shape : std::uint8_t {
  bare,         ///< no move
  pair,         ///< moves pipelined in front, not atomic: reads
  transaction,  ///< MULTI, moves, command, EXEC: writes
  before,       ///< moves first, their answers awaited, then the command bare
};

/// One record to be brought from `from` to `to` (RENAMENX), both as stored.
struct Move {
  Bytes from;
  Bytes to;
  std::int32_t rule;  ///< index into the rules of the session's database
  bool operator==(const Move&) const = default;
};

/// A key argument to be replaced by the stored name of its record.
struct Substitution {
  std::uint32_t argument;  ///< index into argv
  Bytes name;
  bool operator==(const Substitution&) const = default;
};

/// The decision on one command: data, so that it prints, compares and can be fuzzed. Reused from command to command.
struct Plan {
  Route route = Route::forward;
  Shape shape = Shape::bare;
  Reused<Substitution> substitutions;  ///< in order of `argument`
  std::vector<Move> moves;
  commands::ReplyNames names = commands::ReplyNames::none;  ///< names in the reply to be mapped back
  bool quarantine = false;  ///< transaction: also put a leftover O aside, since the command may empty N
  bool in_scope = false;    ///< some key belongs to a rule
  std::int32_t rule = -1;   ///< of the first record, or of the refusal
  std::string_view reason;  ///< of a refusal: label, a literal
  Error refusal;

  void clear() noexcept;
  /// False when it is as clear() leaves it.
  [[nodiscard]] bool dirty() const noexcept {
    return route != Route::forward || in_scope || rule >= 0 || !substitutions.empty() || !moves.empty();
  }
};

/// The plan for people and golden tests: one line, e.g. `ensure transaction rule=user move=user:1->{user:1}:profile`.
std::string to_text(const Plan& plan);
std::string_view name(Route route) noexcept;
std::string_view name(Shape shape) noexcept;

}  // namespace keyshift::proxy
