#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "proxy/engine/settings.hpp"
#include "store/url.hpp"

namespace keyshift::proxy {

/// What `keyshift proxy` is started with. The engine's own settings (rules, mode, view, limits) are in `engine`.
struct ProxyOptions {
  std::vector<std::string> listen{"127.0.0.1:6379"};  ///< ADDR:PORT, [ADDR6]:PORT, PORT or unix:/path
  store::Url upstream;                                ///< standalone or unix; Sentinel and Cluster are refused by name
  EngineSettings engine;
  unsigned threads = 1;
  std::size_t max_clients = 10000;  ///< over all threads; one more is told so and closed, as Redis does
  Duration drain_timeout = seconds(10);
  /// Called on a worker's thread when a server showed another change of the control record than the worker acts on: the
  /// record is to be read now; with `help`, the epoch key of a server is behind, and is to be brought to it.
  std::function<void(bool help)> on_learn;
};

}  // namespace keyshift::proxy
