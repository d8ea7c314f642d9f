#pragma once
#include <functional>
#include <mutex>
#include <vector>

namespace keyshift::proxy {

/// How other threads have something done by a worker's thread. The worker waits for descriptor() to become readable and
/// then calls open(). Any thread may post; one opens. Held by shared_ptr, so that a thread that outlives the worker
/// posts into a box that nobody opens.
class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void post(std::function<void()> letter);
  /// Carries out what was posted, in order.
  void open();
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
  std::mutex mutex_;
  std::vector<std::function<void()>> letters_;
};

}  // namespace keyshift::proxy
