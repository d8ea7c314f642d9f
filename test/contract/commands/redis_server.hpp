#pragma once
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "resp/reply.hpp"

namespace keyshift::contract {

/// A redis-server of this test's own, on a unix socket in a fresh folder; stopped and removed by the destructor.
class RedisServer {
 public:
  /// nullptr, with the reason on stderr, when no redis-server is in PATH or it does not come up.
  static std::unique_ptr<RedisServer> start();
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// Sends one request and waits for its reply. The protocol is RESP2.
  resp::Reply ask(const std::vector<Bytes>& request);

 private:
  RedisServer() = default;
  bool spawn();
  bool connect_within_seconds(int seconds);

  std::string folder_;
  int process_ = -1;
  int socket_ = -1;
};

}  // namespace keyshift::contract
