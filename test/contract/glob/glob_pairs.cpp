// Reads lines "<pattern in hex> <text in hex>" and answers each with 1 when the text fits the pattern, else 0: the side
// of ours in test/contract/glob_match.py. A field is never empty on the line: each stands behind a leading dot.
#include <iostream>
#include <string>

#include "proxy/engine/glob.hpp"

namespace {

std::string unhex(const std::string& field) {
  std::string bytes;
  for (std::size_t i = 1; i + 1 < field.size(); i += 2)
    bytes += static_cast<char>(std::stoi(field.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

int main() {
  std::string pattern, text;
  while (std::cin >> pattern >> text)
    std::cout << (keyshift::proxy::glob_matches(unhex(pattern), unhex(text)) ? '1' : '0') << '\n';
}
