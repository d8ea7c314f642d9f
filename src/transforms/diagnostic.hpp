#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace keyshift::transforms {

/// One thing that is wrong with a file. Line and column begin at 1; 0: the file as a whole.
struct Diagnostic {
  std::size_t line = 0, column = 0;
  std::string what;  ///< what is wrong
  std::string hint;  ///< what to do; may be empty
};

/// "file:line:column: error: what (hint)".
std::string to_text(const Diagnostic& diagnostic, std::string_view file);

}  // namespace keyshift::transforms
