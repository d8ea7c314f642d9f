#pragma once
#include <cstddef>

#include "relay.hpp"

namespace keyshift::bench {

/// What every loop is told. Descriptors are non-blocking.
struct Settings {
  int listener = -1;
  int upstream = -1;
  std::size_t buffer_bytes = 256 * 1024;
  int spins = 0;  ///< polls that do not sleep before one that does
};

/// The next waiting client, non-blocking and without Nagle's delay; -1 when there is none.
int next_client(int listener);

void run_asio(const Settings& settings);    ///< async_wait per read, a posted flush: Asio as it comes
void run_epoll(const Settings& settings);   ///< own epoll, level-triggered
void run_nested(const Settings& settings);  ///< own epoll inside Asio's: one async_wait per wake-up

}  // namespace keyshift::bench
