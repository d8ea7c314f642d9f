#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace keyshift::test {

/// True when the file at `path` (from the top of the repository) holds `text`. With KEYSHIFT_WRITE_DOCS in the
/// environment it is written first.
inline bool page_is(const std::string& path, const std::string& text) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../.." / path;
  if (std::getenv("KEYSHIFT_WRITE_DOCS") != nullptr) std::ofstream(file) << text;
  std::ostringstream there;
  there << std::ifstream(file).rdbuf();
  return there.str() == text;
}

}  // namespace keyshift::test
