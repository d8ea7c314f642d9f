#include "redis_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "resp/encode.hpp"
#include "resp/reply_framer.hpp"

namespace keyshift::contract {

std::unique_ptr<RedisServer> RedisServer::start() {
  auto server = std::unique_ptr<RedisServer>(new RedisServer());
  char folder[] = "/tmp/keyshift-contract-XXXXXX";
  if (!mkdtemp(folder)) return nullptr;
  server->folder_ = folder;
  if (server->spawn() && server->connect_within_seconds(10)) return server;
  std::fprintf(stderr, "\n*** SKIPPED: no redis-server in PATH, or it did not start ***\n\n");
  return nullptr;
}

bool RedisServer::spawn() {
  process_ = fork();
  if (process_ != 0) return process_ > 0;
  const int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  const std::string socket = folder_ + "/socket";
  execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket.c_str(), "--save", "", "--dir",
         folder_.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

bool RedisServer::connect_within_seconds(int seconds) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder_.c_str());
  for (int i = 0; i < seconds * 100; ++i) {
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      return false;
    }
    socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    close(socket_);
    socket_ = -1;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

RedisServer::~RedisServer() {
  if (socket_ >= 0) close(socket_);
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

resp::Reply RedisServer::ask(const std::vector<Bytes>& request) {
  Bytes out;
  const std::vector<BytesView> argv(request.begin(), request.end());
  resp::append_command(out, argv);
  for (std::size_t sent = 0; sent < out.size();) {
    const auto n = write(socket_, out.data() + sent, out.size() - sent);
    if (n <= 0) return {};
    sent += static_cast<std::size_t>(n);
  }
  resp::ReplyFramer framer;
  Bytes whole;
  for (;;) {
    char chunk[65536];
    const auto n = read(socket_, chunk, sizeof chunk);
    if (n <= 0) return {};
    const BytesView got(chunk, static_cast<std::size_t>(n));
    whole += got;
    if (framer.feed(got).step == resp::ReplyFramer::Step::more) continue;
    auto reply = resp::parse_reply(whole);
    return reply ? *reply : resp::Reply{};
  }
}

}  // namespace keyshift::contract
