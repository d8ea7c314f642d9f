#pragma once
#include <optional>
#include <string>
#include <vector>

#include "state.hpp"

namespace keyshift::history {

struct Command;

/// One command of an operation, looked up and with its keys as numbers of their component.
struct Call {
  const Command* command = nullptr;
  std::vector<std::uint32_t> keys;
  const Words* words = nullptr;
  const Reply* reply = nullptr;  ///< null: unknown
};

/// When an operation may have run, and how exactly the server's clock is known.
struct Span {
  Instant begin = 0;
  Instant end = never;
  Instant tolerance = 0;  ///< of deadlines
};

/// Names of the keys among `words`; nothing when the model does not know the command.
std::optional<std::vector<std::string>> keys_of(const Words& words);

/// The command's row, or null. `keys` are left to the caller.
const Command* find_command(const Words& words);

/// True when the command, answered in this way, has left everything as it was: a read, or a write that did nothing.
bool without_effect(const Command& command, const Words& words, const Reply& reply);
/// True when the command never changes anything.
bool reads_only(const Command& command);

/// The reply in the order in which the model gives it: members of sets and fields of hashes sorted.
void canonical(const Command& command, Reply& reply);

/// Appends each state in which `before` may be after the calls have run as one step somewhere in `span` and were
/// answered as they were. None when that is impossible. There is more than one when a deadline may or may not have
/// passed.
void run(const State& before, const std::vector<Call>& calls, const Span& span, std::vector<State>& after);

/// What a server whose clock stands at `now` answers, and leaves in `state`. For tests.
Reply execute(State& state, const Call& call, Instant now);

/// Names of all commands of the model.
std::vector<std::string> command_names();

}  // namespace keyshift::history
