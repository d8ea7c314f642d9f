#include "control/look.hpp"

#include <algorithm>

#include "control/client_line.hpp"
#include "control/connection_name.hpp"

namespace keyshift::control {

Look look_at(std::string_view clients, const Change& hold, const std::vector<transforms::AllowedClient>& allow,
             FlipNaive naive) {
  Look out;
  for (const ClientFields& client : every_client(clients)) {
    if (client.flag('S') || client.flag('M')) continue;
    const auto ours = connection_name_of(client.name);
    if (ours && (ours->carries == Carries::records || ours->carries == Carries::free))
      out.highest_epoch = std::max(out.highest_epoch, ours->id.epoch);
    if (naive == FlipNaive::parked && client.flag('b')) continue;
    if (naive == FlipNaive::name_epoch && ours && ours->id.epoch == hold.id.epoch) continue;
    if (standing(client.name, hold) == Standing::late) out.late.push_back(client.id);
  }
  out.foreign = bypass_clients(clients, 0, allow);
  return out;
}

}  // namespace keyshift::control
