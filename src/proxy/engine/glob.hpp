#pragma once
#include "base/bytes.hpp"

namespace keyshift::proxy {

/// True when `text` fits the glob `pattern` as Redis sees it (stringmatchlen of util.c in 7.0, case kept): `*`, `?`,
/// `[abc]`, `[^abc]`, `[a-z]` (either end first), `\` in front of any byte, inside a class too. What Redis does with
/// the odd cases holds here as well:
/// - a class without its `]` ends with the pattern: `[ab` is `[ab]`, `[^` fits any byte, `[` none; a lone `\` at the
/// end is itself;
/// - `[]a]` is the empty class, then `a]`; ranges compare bytes as the platform's char (signed on x86);
/// - the empty text fits the empty pattern alone, not `*`. KEYS and SCAN do not ask for the pattern `*` (see
/// fits_all());
/// - a pattern with more than a thousand `*` (neighbours are one, one at the end is none) fits nothing, as in servers
/// since CVE-2024-31228.
/// Two bytes are never one character. Iterative: at most size(pattern) x size(text) steps, no memory.
bool glob_matches(BytesView pattern, BytesView text) noexcept;

/// True for the pattern that KEYS and SCAN take as "every key", the empty one included.
inline bool fits_all(BytesView pattern) noexcept { return pattern == "*"; }

/// The bytes that every text fitting `pattern` begins with: the literals in front of its first `*`, `?` or class.
/// `rest` is what of the pattern comes behind them.
struct GlobPrefix {
  Bytes literal;
  BytesView rest;  ///< into the pattern given
};
GlobPrefix glob_prefix(BytesView pattern);

/// `literal` as a glob that fits it alone.
Bytes glob_escaped(BytesView literal);

}  // namespace keyshift::proxy
