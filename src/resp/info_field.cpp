#include "resp/info_field.hpp"

namespace keyshift::resp {

std::string_view info_field(std::string_view info, std::string_view field) noexcept {
  for (std::size_t at = info.find(field); at != info.npos; at = info.find(field, at + 1)) {
    const bool begins = at == 0 || info[at - 1] == '\n';
    const std::size_t colon = at + field.size();
    if (!begins || colon >= info.size() || info[colon] != ':') continue;
    const auto value = info.substr(colon + 1);
    return value.substr(0, value.find_first_of("\r\n"));
  }
  return {};
}

}  // namespace keyshift::resp
