#include "cli/demo_fleet.hpp"

#include <algorithm>

namespace keyshift::cli::demo {

Result<Fleet> Fleet::start(const WorkDirectory& directory, std::uint16_t redis_port) {
  Fleet out(directory, redis_port);
  for (unsigned number = 0; number < proxies; ++number) {
    auto server = ProxyServer::create(number + 1);
    if (!server) return server.error();
    out.servers_[number] = std::move(*server);
    if (const auto started = out.servers_[number].start(directory, redis_port); !started) return started.error();
  }
  return Result<Fleet>(boost::system::in_place_value, std::move(out));
}

ProxyPorts Fleet::ports() const noexcept {
  ProxyPorts out{};
  for (unsigned number = 0; number < proxies; ++number) out[number] = servers_[number].port();
  return out;
}

void Fleet::kill(unsigned number) {
  servers_[number].process.kill();
  Tally& tally = tallies_[number];
  tally = {tally.before + tally.now, 0, 0, false, false};
}

Result<void> Fleet::restart(unsigned number) {
  const auto started = servers_[number].start(*directory_, redis_port_);
  tallies_[number].awake = started.has_value();
  return started;
}

void Fleet::freeze(unsigned number) {
  servers_[number].process.freeze();
  tallies_[number].awake = false;
}

void Fleet::thaw(unsigned number) {
  servers_[number].process.thaw();
  tallies_[number].awake = true;
}

void Fleet::look() {
  for (unsigned number = 0; number < proxies; ++number)
    if (tallies_[number].awake)
      if (const auto page = page_of(servers_[number])) {
        tallies_[number].now = page->moved_by_clients;
        tallies_[number].swept = page->swept;
        tallies_[number].sweeps = page->sweeps;
      }
}

std::uint64_t Fleet::moved_by_clients() const noexcept {
  std::uint64_t sum = 0;
  for (const Tally& tally : tallies_) sum += tally.before + tally.now;
  return sum;
}

// Who takes over goes on counting where the other one was.
std::uint64_t Fleet::swept() const noexcept {
  std::uint64_t most = 0;
  for (const Tally& tally : tallies_) most = std::max(most, tally.swept);
  return most;
}

unsigned Fleet::not_sweeping(unsigned end) const {
  unsigned number = end - 1;
  while (number > 0 && tallies_[number].sweeps) --number;
  return number;
}

}  // namespace keyshift::cli::demo
