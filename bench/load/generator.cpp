#include "generator.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace keyshift::bench {
namespace {

std::uint64_t nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}
std::uint64_t now() { return nanoseconds(CLOCK_MONOTONIC); }
double seconds(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e9; }

}  // namespace

struct Generator::Connection {
  int fd = -1;
  std::vector<std::uint64_t> awaited;  ///< records of the batch, in order
  std::size_t answered = 0;            ///< of awaited
  std::size_t offset = 0;              ///< of the reply that is half there
  std::uint64_t sent_at = 0;
  std::string unsent;
};

Generator::Generator(const Options& options)
    : options_(options),
      records_(options),
      once_(options.command == Command::fill || options.command == Command::touch),
      epoll_(epoll_create1(0)),
      buffer_(256 * 1024) {}

Generator::~Generator() {
  for (const auto& connection : connections_) close(connection->fd);
  close(epoll_);
}

bool Generator::open_all() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
  inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    auto connection = std::make_unique<Connection>();
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection->fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      error_ = std::string("connect: ") + std::strerror(errno);
      return false;
    }
    const int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->fd, &event);
    connections_.push_back(std::move(connection));
  }
  return true;
}

std::uint64_t Generator::next_record() {
  if (once_) return taken_++;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_ % options_.keys;
}

void Generator::send_batch(Connection& connection) {
  connection.awaited.clear();
  connection.answered = 0;
  batch_.clear();
  for (std::size_t i = 0; i < options_.pipeline; ++i) {
    if (once_ && taken_ == options_.keys) break;
    connection.awaited.push_back(next_record());
    records_.append_request(batch_, connection.awaited.back());
  }
  if (connection.awaited.empty()) return;
  ++active_;
  connection.sent_at = now();
  write(connection, batch_.data(), batch_.size());
}

void Generator::write(Connection& connection, const char* data, std::size_t size) {
  const ssize_t sent = send(connection.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return fail(std::string("send: ") + std::strerror(errno));
  const std::size_t gone = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  const bool waited = !connection.unsent.empty();
  if (gone == size && !waited) return;
  connection.unsent = std::string(data + gone, size - gone);
  epoll_event event{};
  event.events = connection.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Generator::receive(Connection& connection) {
  const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got == 0) return fail("the peer closed a connection");
  if (got < 0) {
    if (errno != EAGAIN) fail(std::string("recv: ") + std::strerror(errno));
    return;
  }
  if (!check(connection, buffer_.data(), static_cast<std::size_t>(got))) return;
  if (connection.answered < connection.awaited.size()) return;
  latency_.add(now() - connection.sent_at, connection.awaited.size());
  requests_ += connection.awaited.size();
  --active_;
  send_batch(connection);
}

bool Generator::check(Connection& connection, const char* data, std::size_t size) {
  while (size > 0) {
    if (connection.answered == connection.awaited.size()) {
      fail("bytes that nobody asked for: " + std::string(data, size < 60 ? size : 60));
      return false;
    }
    const std::size_t part = std::min(size, records_.reply_size() - connection.offset);
    if (!records_.matches(connection.awaited[connection.answered], connection.offset, {data, part})) {
      fail("wrong reply at byte " + std::to_string(connection.offset) + ": " +
           std::string(data, part < 120 ? part : 120));
      return false;
    }
    data += part;
    size -= part;
    connection.offset += part;
    if (connection.offset == records_.reply_size()) {
      connection.offset = 0;
      ++connection.answered;
    }
  }
  return true;
}

void Generator::fail(std::string why) {
  if (error_.empty()) error_ = std::move(why);
}

void Generator::sample(Result& into) const {
  into.requests = requests_;
  into.seconds = seconds(now());
  into.own_cpu = seconds(nanoseconds(CLOCK_PROCESS_CPUTIME_ID));
  into.watched_cpu.clear();
  for (const auto& [name, pid] : options_.watched) {
    clockid_t clock{};
    into.watched_cpu.push_back(clock_getcpuclockid(pid, &clock) == 0 ? seconds(nanoseconds(clock)) : 0.0);
  }
}

Result Generator::run() {
  Result before, after;
  if (open_all()) {
    const double start = seconds(now());
    bool warm = once_ || options_.warmup <= 0;
    sample(before);
    for (const auto& connection : connections_) send_batch(*connection);
    std::array<epoll_event, 256> events;
    while (error_.empty() && active_ > 0) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 5000);
      if (ready == 0) fail("no reply for 5 s");
      for (int i = 0; i < ready && error_.empty(); ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        auto& connection = *static_cast<Connection*>(event.data.ptr);
        if ((event.events & EPOLLOUT) != 0) write(connection, connection.unsent.data(), connection.unsent.size());
        if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0) receive(connection);
      }
      if (once_) continue;
      const double passed = seconds(now()) - start;
      if (!warm && passed >= options_.warmup) {
        warm = true;
        latency_.clear();
        sample(before);
      }
      if (passed >= options_.warmup + options_.seconds) break;
    }
  }
  sample(after);
  after.error = error_;
  after.requests -= before.requests;
  after.seconds -= before.seconds;
  after.own_cpu -= before.own_cpu;
  for (std::size_t i = 0; i < after.watched_cpu.size() && i < before.watched_cpu.size(); ++i)
    after.watched_cpu[i] -= before.watched_cpu[i];
  after.latency = latency_;
  return after;
}

}  // namespace keyshift::bench
