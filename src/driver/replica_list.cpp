#include "driver/replica_list.hpp"

#include <charconv>

#include "store/server_info.hpp"

namespace keyshift::driver {
namespace {

constexpr unsigned kMost = 256;

}  // namespace

std::vector<control::Node> replicas_in(std::string_view info) {
  std::vector<control::Node> out;
  for (unsigned i = 0; i < kMost; ++i) {
    const auto line = store::info_field(info, "slave" + std::to_string(i));
    const auto ip = store::replica_part(line, "ip"), port = store::replica_part(line, "port"),
               state = store::replica_part(line, "state");
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
