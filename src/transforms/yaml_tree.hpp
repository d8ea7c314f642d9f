#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/diagnostic.hpp"

namespace keyshift::transforms {

/// A YAML text as a tree with places: nothing of it is interpreted yet. Values, no pointers: copies are deep.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  std::size_t line = 0, column = 0;  ///< from 1
  std::string text;                  ///< of a scalar
  bool quoted = false;               ///< a scalar in quotes, or a block scalar: text whatever it looks like
  std::string key;                   ///< when it lies in a map
  std::size_t key_line = 0, key_column = 0;
  std::vector<YamlNode> children;  ///< of a list or a map, in the order of the text

  /// The child of a map with that key, or nullptr.
  [[nodiscard]] const YamlNode* find(std::string_view name) const noexcept;
};

inline constexpr std::size_t kYamlMaxSize = 1024 * 1024;
inline constexpr std::size_t kYamlMaxDepth = 24;
inline constexpr std::size_t kYamlMaxNodes = 50'000;

/// Reads one YAML document. Adds to `diagnostics` what is wrong; nullopt when nothing can be made of the text.
/// Refused, since no migration needs them and each has been a way to bring a reader down: anchors and aliases, more
/// than one document, other encodings than UTF-8, control characters, anything beyond the three limits above. Throws
/// nothing.
std::optional<YamlNode> read_yaml(std::string_view text, std::vector<Diagnostic>& diagnostics);

}  // namespace keyshift::transforms
