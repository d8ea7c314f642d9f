#include "control/client_line.hpp"

#include <algorithm>
#include <charconv>

namespace keyshift::control {
namespace {

bool number(std::string_view text, std::uint64_t& out) noexcept {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc() && end == text.data() + text.size();
}

void take(ClientFields& line, std::string_view name, std::string_view value) noexcept {
  struct Text {
    std::string_view name;
    std::string_view ClientFields::* field;
  };
  static constexpr Text texts[] = {{"addr", &ClientFields::addr},
                                   {"name", &ClientFields::name},
                                   {"user", &ClientFields::user},
                                   {"flags", &ClientFields::flags},
                                   {"cmd", &ClientFields::command},
                                   {"lib-name", &ClientFields::library_name},
                                   {"lib-ver", &ClientFields::library_version}};
  for (const Text& text : texts)
    if (text.name == name) line.*text.field = value;
  if (name == "age") number(value, line.age);
  if (name == "idle") number(value, line.idle);
  if (name == "qbuf") number(value, line.query_buffer);
}

}  // namespace

std::optional<ClientFields> read_client_fields(std::string_view line) noexcept {
  ClientFields out;
  bool known = false;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \r\n"), line.size());
    const std::string_view field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    const auto equals = field.find('=');
    if (equals == field.npos) continue;
    const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
    if (name == "id") known = number(value, out.id);
    take(out, name, value);
  }
  return known ? std::optional(out) : std::nullopt;
}

std::vector<ClientFields> every_client(std::string_view text) {
  std::vector<ClientFields> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = read_client_fields(text.substr(0, end))) out.push_back(*line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace keyshift::control
