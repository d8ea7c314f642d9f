#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "loops.hpp"

namespace keyshift::bench {
namespace {
namespace asio = boost::asio;

/// Sockets in an epoll of our own, and that epoll in Asio's: one async_wait (one epoll_ctl) per wake-up, not per read.
class NestedLoop final : public Loop {
 public:
  explicit NestedLoop(const Settings& settings)
      : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
        settings_(settings),
        epoll_(epoll_create1(0)),
        ready_(context_, epoll_),
        relay_(*this, settings.upstream, settings.buffer_bytes) {
    watch(relay_.upstream(), EPOLLIN, EPOLL_CTL_ADD);
    epoll_event event{};
    event.events = EPOLLIN;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, settings.listener, &event);
    wait();
  }

  void run() { context_.run(); }
  void want_write(Peer& peer) override { watch(peer, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD); }
  void forget(Peer& peer) override { epoll_ctl(epoll_, EPOLL_CTL_DEL, peer.fd, nullptr); }

 private:
  void wait() {
    ready_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code) {
      serve();
      wait();
    });
  }

  void serve() {
    std::array<epoll_event, 256> events;
    const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    bool upstream = false;
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto* peer = static_cast<Peer*>(event.data.ptr);
      if (peer == nullptr) {
        accept_all();
        continue;
      }
      if ((event.events & EPOLLOUT) != 0) writable(*peer);
      if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) == 0) continue;
      if (peer == &relay_.upstream())
        upstream = true;
      else
        relay_.client_readable(*peer);
    }
    relay_.flush();
    if (upstream) relay_.upstream_readable();
  }

  void accept_all() {
    for (int fd; (fd = next_client(settings_.listener)) >= 0;) watch(relay_.add_client(fd), EPOLLIN, EPOLL_CTL_ADD);
  }

  void writable(Peer& peer) {
    watch(peer, EPOLLIN, EPOLL_CTL_MOD);
    relay_.writable(peer);
  }

  void watch(Peer& peer, unsigned events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &peer;
    epoll_ctl(epoll_, operation, peer.fd, &event);
  }

  asio::io_context context_;
  const Settings& settings_;
  int epoll_;
  asio::posix::stream_descriptor ready_;
  Relay relay_;
};

}  // namespace

void run_nested(const Settings& settings) { NestedLoop(settings).run(); }

}  // namespace keyshift::bench
