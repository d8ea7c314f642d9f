#include "proxy/net/poller.hpp"

#include <unistd.h>

#include "base/check.hpp"

namespace keyshift::proxy {

Poller::Poller() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {
  KS_CHECK(descriptor_ >= 0, "the system has a descriptor for each worker's epoll");
}

Poller::~Poller() { ::close(descriptor_); }

bool Poller::add(int descriptor, std::uint32_t interest, void* who) noexcept {
  epoll_event event{};
  event.events = interest;
  event.data.ptr = who;
  return ::epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::change(int descriptor, std::uint32_t interest, void* who) noexcept {
  epoll_event event{};
  event.events = interest;
  event.data.ptr = who;
  (void)::epoll_ctl(descriptor_, EPOLL_CTL_MOD, descriptor, &event);
}

void Poller::remove(int descriptor) noexcept { (void)::epoll_ctl(descriptor_, EPOLL_CTL_DEL, descriptor, nullptr); }

std::span<const epoll_event> Poller::wait(int timeout_ms) noexcept {
  const int count = ::epoll_wait(descriptor_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
  return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace keyshift::proxy
