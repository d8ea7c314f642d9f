// The bare floor: what a relay costs that shares one upstream connection among its clients and understands nothing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "loops.hpp"

namespace keyshift::bench {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); }

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_floor: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int open_listener(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const sockaddr_in address = loopback(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (listen(fd, 4096) != 0) fail("listen");
  return fd;
}

int open_upstream(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect upstream");
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

}  // namespace

int next_client(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

}  // namespace keyshift::bench

int main(int argc, char** argv) {
  using namespace keyshift::bench;
  Settings settings;
  int listen_port = 0;
  int upstream_port = 0;
  std::string_view loop = "asio";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--listen")
      listen_port = std::atoi(argv[i + 1]);
    else if (name == "--upstream")
      upstream_port = std::atoi(argv[i + 1]);
    else if (name == "--loop")
      loop = argv[i + 1];
    else if (name == "--spins")
      settings.spins = std::atoi(argv[i + 1]);
    else if (name == "--buffer")
      settings.buffer_bytes = static_cast<std::size_t>(std::atoll(argv[i + 1]));
  }
  if (listen_port == 0 || upstream_port == 0) {
    std::fputs(
        "usage: bench_floor --listen PORT --upstream PORT [--loop asio|nested|epoll] [--buffer BYTES] [--spins N]\n",
        stderr);
    return 2;
  }
  settings.listener = open_listener(listen_port);
  settings.upstream = open_upstream(upstream_port);
  if (loop == "epoll")
    run_epoll(settings);
  else if (loop == "nested")
    run_nested(settings);
  else
    run_asio(settings);
}
