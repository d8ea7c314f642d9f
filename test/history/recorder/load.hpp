#pragma once
#include "journal.hpp"
#include "options.hpp"

namespace keyshift::history {

/// Clients at work for the time that was asked for, or until SIGTERM; then waits up to 3 s for what is under way.
void load(const Options& options, Journal& journal);

/// Writes first values directly to the server at the first port, and records them. False when it cannot be reached.
bool fill(const Options& options, Journal& journal);

/// Reads every record directly from the server at the first port, and records what is there as the last reads of the
/// history. False, with the reason on standard error, when a record has two names.
bool read_back(const Options& options, Journal& journal);

}  // namespace keyshift::history
