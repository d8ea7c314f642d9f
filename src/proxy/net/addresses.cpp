#include "proxy/net/addresses.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace keyshift::proxy {
namespace asio = boost::asio;
using Endpoint = asio::generic::stream_protocol::endpoint;

namespace {

constexpr int backlog = 511;  // as redis.conf's tcp-backlog

Result<Endpoint> wrong(const std::string& where, const char* why) {
  return Result<Endpoint>(
      boost::system::in_place_error,
      Error{ErrorCode::usage, "--listen " + where + ": " + why + " (ADDR:PORT, [ADDR6]:PORT, PORT or unix:/path)"});
}

Error refused(const std::string& where) {
  return fail(ErrorCode::system, "cannot listen on " + where + ": " + std::strerror(errno));
}

Result<Endpoint> endpoint_of(const std::string& where) {
  if (where.rfind("unix:", 0) == 0) {
    const std::string path = where.substr(5);
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
      return wrong(where, "the path is empty or too long");
    return Endpoint(asio::local::stream_protocol::endpoint(path));
  }
  std::string host = "127.0.0.1", port = where;
  if (const auto colon = where.rfind(':'); colon != std::string::npos) {
    host = where.substr(0, colon);
    port = where.substr(colon + 1);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") host = "127.0.0.1";
  unsigned number = 0;
  const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (bad != std::errc() || end != port.data() + port.size() || number > 65535) return wrong(where, "not a port");
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return wrong(where, "not a numeric address");
  return Endpoint(asio::ip::tcp::endpoint(address, static_cast<std::uint16_t>(number)));
}

/// Removes a socket file that nobody answers on.
bool stale_removed(const Endpoint& endpoint, const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool dead =
      ::connect(probe, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return dead && ::unlink(path.c_str()) == 0;
}

std::string bound_address(int fd, const std::string& where) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (where.rfind("unix:", 0) == 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return where;
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address);
    ::inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(in->sin_port));
  }
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address);
  ::inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]:" + std::to_string(ntohs(in6->sin6_port));
}

}  // namespace

Result<Listening> listen_at(const std::string& where, bool share) {
  const auto endpoint = endpoint_of(where);
  if (!endpoint) return endpoint.error();
  const int fd = ::socket(endpoint->protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refused(where);
  const int on = 1;
  const bool local = endpoint->protocol().family() == AF_UNIX;
  if (!local) {
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (share) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  const auto length = static_cast<socklen_t>(endpoint->size());
  bool bound = ::bind(fd, endpoint->data(), length) == 0;
  if (!bound && local && errno == EADDRINUSE && stale_removed(*endpoint, where.substr(5)))
    bound = ::bind(fd, endpoint->data(), length) == 0;
  if (!bound || ::listen(fd, backlog) != 0) {
    const Error error = refused(where);
    ::close(fd);
    return error;
  }
  return Listening{fd, bound_address(fd, where)};
}

std::optional<Endpoint> numeric_endpoint(const store::Url& url) {
  if (url.kind == store::Url::Kind::unix_socket) return Endpoint(asio::local::stream_protocol::endpoint(url.path));
  const store::Address& address = url.addresses.front();
  boost::system::error_code error;
  const auto numeric = asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error) return std::nullopt;
  return Endpoint(asio::ip::tcp::endpoint(numeric, address.port));
}

}  // namespace keyshift::proxy
