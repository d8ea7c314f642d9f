#pragma once
#include <span>

#include "resp/commands/command.hpp"

namespace keyshift::commands {

/// Every command known at build time: the rows of rows_*.inc, sorted by nothing but the files' order; id is the index.
/// A container ("CONFIG") stands somewhere before or behind its subcommands. Constant data, valid for ever.
std::span<const Command> known_commands() noexcept;

}  // namespace keyshift::commands
