#include "load.hpp"

#include <poll.h>

#include <csignal>
#include <memory>

#include "client.hpp"

namespace keyshift::history {

namespace {

volatile std::sig_atomic_t stopped = 0;
void stop(int) { stopped = 1; }

constexpr Instant tick_every = 2'000'000;
constexpr Instant last_wait = 3'000'000'000;

}  // namespace

void load(const Options& options, Journal& journal) {
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  const auto units = units_of(options);
  Mix mix(options, units);
  std::uint32_t numbers = options.first_client;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::uint32_t i = 0; i < options.clients; ++i)
    clients.push_back(std::make_unique<Client>(options, mix, journal, numbers, i % options.ports.size(),
                                               options.patience_ms == 0 || i % 2 == 0));
  const Instant started = now();
  Instant ends = started + static_cast<Instant>(options.seconds * 1e9);
  Instant next_tick = 0;
  std::vector<pollfd> polled(clients.size());
  for (;;) {
    if (stopped != 0 && now() < ends) ends = now();
    const bool last = now() >= ends;
    if (now() >= next_tick) {
      for (auto& client : clients) client->tick(started, last);
      next_tick = now() + tick_every;
    }
    bool idle = true;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      polled[i] = {clients[i]->socket(), POLLIN, 0};
      idle = idle && (clients[i]->socket() < 0 || clients[i]->idle());
    }
    if (last && (idle || now() > ends + last_wait)) break;
    if (poll(polled.data(), polled.size(), 2) <= 0) continue;
    for (std::size_t i = 0; i < clients.size(); ++i)
      if (polled[i].revents != 0 && clients[i]->socket() == polled[i].fd) clients[i]->readable(started, last);
  }
  for (auto& client : clients) client->close("the recording ended");
}

}  // namespace keyshift::history
