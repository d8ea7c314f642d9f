#pragma once
#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

namespace keyshift::proxy {

/// Waits for sockets: epoll(7), level-triggered, so that a socket costs one epoll_ctl in its life and not one per read
/// (docs/adr/0007-own-readiness-loop.md). One thread. Owns no socket: remove() before a descriptor is closed.
class Poller {
 public:
  /// Bits of what a socket is waited for. Errors and hang-ups are told always.
  static constexpr std::uint8_t kRead = EPOLLIN;
  static constexpr std::uint8_t kWrite = EPOLLOUT;

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// `who` comes back with each event. False when the system has no room for one more (errno says why).
  bool add(int descriptor, std::uint32_t interest, void* who) noexcept;
  void change(int descriptor, std::uint32_t interest, void* who) noexcept;
  void remove(int descriptor) noexcept;

  /// What is ready, or nothing once `timeout_ms` have passed; valid until the next call.
  std::span<const epoll_event> wait(int timeout_ms) noexcept;

 private:
  int descriptor_;
  std::array<epoll_event, 256> events_;
};

}  // namespace keyshift::proxy
