#pragma once
#include <string_view>

namespace keyshift::resp {

/// The value of `field` in the text of INFO; empty when it is not there. A view into `info`.
std::string_view info_field(std::string_view info, std::string_view field) noexcept;

}  // namespace keyshift::resp
