#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace keyshift {

/// Keys, values and wire data are bytes, not text: no encoding, NUL bytes included.
using Bytes = std::string;

/// A view of bytes that somebody else owns. Whoever hands one out says in its header how long it lives.
using BytesView = std::string_view;

/// True when `a` and `b` are equal but for the case of ASCII letters. No allocation, no locale.
bool equal_ignoring_case(BytesView a, BytesView b) noexcept;

/// ASCII upper case of `text`.
std::string upper(BytesView text);

/// `bytes` for people: printable ASCII as it is, the rest as \xNN, cut after `limit` bytes with "...".
/// Used for keys in errors and logs; values are never logged.
std::string printable(BytesView bytes, std::size_t limit = 128);

}  // namespace keyshift
