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

bool all_but_have_it(const std::set<std::string>& spared, std::string_view before, std::string_view after) {
  const auto number = [](std::string_view text) {
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  };
  const std::uint64_t head = number(store::info_field(before, "master_repl_offset"));
  const std::string_view id = store::info_field(before, "master_replid");
  if (head == 0 || id.empty() || id != store::info_field(after, "master_replid")) return false;
  unsigned i = 0;
  for (const control::Node& replica : replicas_in(after)) {
    const auto line = store::info_field(after, "slave" + std::to_string(i++));
    if (!replica.trouble.empty() || spared.contains(replica.name)) continue;
    if (number(store::replica_part(line, "offset")) < head) return false;
  }
  return true;
}

}  // namespace keyshift::driver
