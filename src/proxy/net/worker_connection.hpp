#pragma once
#include "proxy/net/worker.hpp"

namespace keyshift::proxy {

/// A client or upstream socket. Deletes itself when it is closed and none of its handlers is under way.
struct Worker::Connection {
  Connection(Socket s) : socket(std::move(s)) {}
  Socket socket;
  Session* session = nullptr;
  Upstream* upstream = nullptr;
  int handlers = 0;  ///< waits under way
  bool reading = false;
  bool writing = false;
  bool connecting = false;
  bool paused = false;
  bool closed = false;
  bool broken = false;  ///< nothing can be written any more
};

struct Worker::Listener {
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>
      acceptor;
};

}  // namespace keyshift::proxy
