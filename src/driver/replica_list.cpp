#include "driver/replica_list.hpp"

#include <charconv>

#include "store/server_info.hpp"

namespace keyshift::driver {
namespace {

constexpr unsigned kMost = 256;

/// The value of `name` in "ip=...,port=...,state=online,offset=1,lag=0".
std::string_view part(std::string_view line, std::string_view name) noexcept {
  while (!line.empty()) {
    const auto comma = line.find(',');
    const auto item = line.substr(0, comma);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
      return item.substr(name.size() + 1);
    if (comma == line.npos) break;
    line.remove_prefix(comma + 1);
  }
  return {};
}

}  // namespace

std::vector<control::Node> replicas_in(std::string_view info) {
  std::vector<control::Node> out;
  for (unsigned i = 0; i < kMost; ++i) {
    const auto line = store::info_field(info, "slave" + std::to_string(i));
    const auto ip = part(line, "ip"), port = part(line, "port"), state = part(line, "state");
    unsigned number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    if (ip.empty() || number == 0 || number > 65535) break;
    control::Node node{std::string(ip) + ":" + std::to_string(number), false, {}};
    if (state != "online") node.trouble = "is not synchronized yet (" + std::string(state) + ")";
    out.push_back(std::move(node));
  }
  return out;
}

}  // namespace keyshift::driver
