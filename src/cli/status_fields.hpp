#pragma once
#include <span>
#include <string_view>

namespace keyshift::cli {

/// One field of the status document. docs/cli.md shows the list; a test holds the document against it.
struct StatusField {
  std::string_view path;  ///< "sweep.state"; "rules[].name" for each element of a list
  std::string_view type;  ///< string, integer, number, boolean or list of one of them
  std::string_view meaning;
};

std::span<const StatusField> status_fields() noexcept;

}  // namespace keyshift::cli
