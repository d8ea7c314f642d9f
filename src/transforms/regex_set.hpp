#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "transforms/dfa.hpp"

namespace keyshift::transforms {

/// Reads one escape or one `[class]` of a regular expression at `at` and moves `at` behind it.
/// `error` is set, and the set without meaning, when the text is not one.
ByteSet read_escape(std::string_view text, std::size_t& at, std::string& error);
ByteSet read_class(std::string_view text, std::size_t& at, std::string& error);

}  // namespace keyshift::transforms
