#include "proxy/net/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "base/check.hpp"

namespace keyshift::proxy {

Mailbox::Mailbox() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  KS_CHECK(descriptor_ >= 0, "the system has a descriptor for each worker's mailbox");
}

Mailbox::~Mailbox() { ::close(descriptor_); }

void Mailbox::post(std::function<void()> letter) {
  {
    const std::scoped_lock lock(mutex_);
    letters_.push_back(std::move(letter));
  }
  const std::uint64_t one = 1;
  (void)!::write(descriptor_, &one, sizeof one);
}

void Mailbox::open() {
  std::uint64_t count = 0;
  (void)!::read(descriptor_, &count, sizeof count);
  std::vector<std::function<void()>> letters;
  {
    const std::scoped_lock lock(mutex_);
    letters.swap(letters_);
  }
  for (auto& letter : letters) letter();
}

}  // namespace keyshift::proxy
