#pragma once
#include <cstdint>

#include "proxy/engine/session.hpp"
#include "proxy/engine/upstream.hpp"

namespace keyshift::proxy {

/// What the shell is to do, besides flushing what is dirty.
struct Action {
  enum class Kind : std::uint8_t {
    connect,         ///< open a socket for `upstream`, then on_upstream_connected or on_upstream_lost
    close_upstream,  ///< close its socket, if any, and forget the pointer
    close_session,   ///< write what is left if `after_flush`, close, and forget the pointer
    pause_upstream,  ///< stop reading it
    resume_upstream,
    resume_session,  ///< read it again (it was read_paused)
    learn,           ///< a server is under another change than ours: the control record is to be read now
    help,            ///< a server's epoch key is behind the change that we act on: it is to be brought there
  };
  Kind kind;
  Upstream* upstream = nullptr;
  Session* session = nullptr;
  void* socket = nullptr;  ///< of what is closed: the object itself may be gone
};

}  // namespace keyshift::proxy
