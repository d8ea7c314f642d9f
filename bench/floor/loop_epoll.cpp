#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

#include "loops.hpp"

namespace keyshift::bench {
namespace {

/// A loop of our own over level-triggered epoll: no re-arming, all events of a wake-up in one go, then one flush.
class EpollLoop final : public Loop {
 public:
  explicit EpollLoop(const Settings& settings)
      : settings_(settings), epoll_(epoll_create1(0)), relay_(*this, settings.upstream, settings.buffer_bytes) {
    watch(relay_.upstream(), EPOLLIN, EPOLL_CTL_ADD);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, settings.listener, &event);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int ready = wait(events.data(), static_cast<int>(events.size()));
      ++relay_.counters.wakeups;
      bool upstream = false;
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        auto* peer = static_cast<Peer*>(event.data.ptr);
        if (peer == nullptr)
          accept_all();
        else if (peer == &relay_.upstream()) {
          if ((event.events & EPOLLOUT) != 0) writable(*peer);
          upstream = (event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0;
        } else {
          if ((event.events & EPOLLOUT) != 0) writable(*peer);
          if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0) relay_.client_readable(*peer);
        }
      }
      relay_.flush();  // before the replies: the server works while we write to clients
      if (upstream) relay_.upstream_readable();
    }
  }

  void want_write(Peer& peer) override { watch(peer, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD); }
  void forget(Peer& peer) override { epoll_ctl(epoll_, EPOLL_CTL_DEL, peer.fd, nullptr); }

 private:
  int wait(epoll_event* events, int most) {
    for (int spin = 0; spin < settings_.spins; ++spin) {
      const int ready = epoll_wait(epoll_, events, most, 0);
      if (ready > 0) return ready;
    }
    return epoll_wait(epoll_, events, most, -1);
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

  const Settings& settings_;
  int epoll_;
  Relay relay_;
};

}  // namespace

void run_epoll(const Settings& settings) { EpollLoop(settings).run(); }

}  // namespace keyshift::bench
