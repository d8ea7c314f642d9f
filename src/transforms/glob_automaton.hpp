#pragma once
#include <vector>

#include "transforms/dfa.hpp"
#include "transforms/key_table.hpp"

namespace keyshift::transforms {

/// One element of a glob as Redis reads it: any number of bytes, or one byte of a set.
struct GlobElement {
  bool star = false;
  ByteSet bytes;
};

/// A glob (KEYS, SCAN MATCH, PSUBSCRIBE) as elements, with the odd cases of stringmatchlen() in Redis' util.c: a class
/// without `]` ends with the pattern, ranges with either end first. Bytes of a range are compared as `char`, whose sign
/// depends on the server's machine: a range holds what either reading puts into it.
std::vector<GlobElement> read_glob(BytesView glob);

/// False when no key that `table` accepts fits `glob`. True when one does, or when finding out would take more than
/// a million steps.
bool glob_meets(const std::vector<GlobElement>& glob, const KeyTable& table);

}  // namespace keyshift::transforms
