#include "transforms/diagnostic.hpp"

namespace keyshift::transforms {

std::string to_text(const Diagnostic& diagnostic, std::string_view file) {
  std::string text(file);
  if (diagnostic.line != 0) text += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
  text += ": error: " + diagnostic.what;
  if (!diagnostic.hint.empty()) text += " (" + diagnostic.hint + ")";
  return text;
}

}  // namespace keyshift::transforms
