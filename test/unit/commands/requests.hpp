#pragma once
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::commands::test {

/// "SET key value" as arguments; "''" is an empty one.
inline std::vector<Bytes> words(BytesView line) {
  std::vector<Bytes> all;
  while (!line.empty()) {
    const auto end = line.find(' ');
    const BytesView word = line.substr(0, end);
    all.emplace_back(word == "''" ? BytesView() : word);
    line = end == BytesView::npos ? BytesView() : line.substr(end + 1);
  }
  return all;
}

inline std::vector<BytesView> views(const std::vector<Bytes>& words) { return {words.begin(), words.end()}; }

}  // namespace keyshift::commands::test
