#pragma once
#include <optional>
#include <string_view>

#include "transforms/diagnostic.hpp"

namespace keyshift::transforms {

/// The first place where `text` is not UTF-8 or holds a control character other than tab and line ends; nullopt: none.
std::optional<Diagnostic> check_utf8(std::string_view text);

}  // namespace keyshift::transforms
