#include "control/bypass.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "control/client_line.hpp"
#include "control/connection_name.hpp"
#include "transforms/client_address.hpp"

namespace keyshift::control {
namespace {

bool fits(std::string_view wanted, std::string_view found) noexcept {
  if (wanted.ends_with('*')) return found.starts_with(wanted.substr(0, wanted.size() - 1));
  return wanted == found;
}

bool fits(const transforms::AllowedClient& entry, const BypassClient& client) {
  if (!entry.user.empty()) return entry.user == client.user;
  if (!entry.name.empty()) return fits(entry.name, client.name);
  if (!entry.library.empty()) return fits(entry.library, client.library);
  const auto range = transforms::read_address_range(entry.addr);
  return range && contains(*range, client.addr);
}

BypassClient client_of(const ClientFields& line) {
  return {line.id,
          std::string(line.addr),
          std::string(line.user),
          std::string(line.name),
          std::string(line.library_name),
          std::string(line.library_version),
          std::string(line.command),
          line.age,
          line.idle};
}

}  // namespace

bool allowed(const BypassClient& client, std::span<const transforms::AllowedClient> allow) {
  return std::any_of(allow.begin(), allow.end(), [&](const auto& entry) { return fits(entry, client); });
}

std::vector<BypassClient> bypass_clients(std::string_view client_list, std::uint64_t self,
                                         std::span<const transforms::AllowedClient> allow) {
  std::vector<BypassClient> out;
  for (const ClientFields& line : every_client(client_list)) {
    if (line.id == self || line.flag('S') || line.flag('M') || connection_name_of(line.name)) continue;
    BypassClient client = client_of(line);
    if (!allowed(client, allow)) out.push_back(std::move(client));
  }
  return out;
}

std::string text(const BypassClient& client) {
  std::string out;
  const auto add = [&out](std::string_view what, std::string_view value) {
    if (!value.empty()) out.append(out.empty() ? "" : ", ").append(what).append(" ") += printable(value, 64);
  };
  add("user", client.user);
  add("addr", client.addr);
  add("name", client.name);
  const bool versioned = !client.library.empty() && !client.library_version.empty();
  add("library", client.library + (versioned ? " " + client.library_version : ""));
  add("last command", client.command);
  add("connected for", std::to_string(client.age) + " s");
  return out;
}

}  // namespace keyshift::control
