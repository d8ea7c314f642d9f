#pragma once
#include "proxy/net/worker.hpp"

namespace keyshift::proxy {

/// What the poller hands back with an event.
struct Worker::Watched {
  enum class Kind : std::uint8_t { mailbox, listener, connection };
  Kind kind = Kind::connection;
  int descriptor = -1;
};

/// A client or upstream socket. One of `session` and `upstream` is set until it is closed.
struct Worker::Connection : Worker::Watched {
  std::uint32_t interest = 0;  ///< what the poller waits for
  std::uint32_t place = 0;     ///< in connections_
  Session* session = nullptr;
  Upstream* upstream = nullptr;
  bool connecting = false;
  bool paused = false;  ///< the engine wants nothing read from this upstream
  bool broken = false;  ///< nothing can be written any more
  bool closed = false;
};

}  // namespace keyshift::proxy
