#pragma once
#include "proxy/net/worker.hpp"

namespace keyshift::proxy {

/// What the poller hands back with an event. Small: an idle client should cost little.
struct Worker::Watched {
  enum class Kind : std::uint8_t { mailbox, listener, client, server, gone };
  Kind kind = Kind::gone;
  bool connecting = false;
  bool paused = false;  ///< the engine wants nothing read from this upstream
  bool broken = false;  ///< nothing can be written any more
  bool closed = false;
  std::uint8_t interest = 0;  ///< what the poller waits for
  int descriptor = -1;
};

/// A client or upstream socket.
struct Worker::Connection : Worker::Watched {
  std::uint32_t place = 0;  ///< in connections_
  union {
    Session* client = nullptr;
    Upstream* server;
  };
  [[nodiscard]] Session* session() const noexcept { return kind == Kind::client ? client : nullptr; }
  [[nodiscard]] Upstream* upstream() const noexcept { return kind == Kind::server ? server : nullptr; }
};

}  // namespace keyshift::proxy
