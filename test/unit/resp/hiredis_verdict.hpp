#pragma once
#include <hiredis/read.h>

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace keyshift::resp::test {

/// What hiredis' reader says of the first reply in some bytes.
struct HiredisVerdict {
  enum class Step : std::uint8_t { more, whole, bad } step;
  std::size_t taken;  ///< when whole
};

inline HiredisVerdict ask_hiredis(BytesView bytes) {
  redisReader* const reader = redisReaderCreateWithFunctions(nullptr);
  redisReaderFeed(reader, bytes.data(), bytes.size());
  void* reply = nullptr;
  HiredisVerdict verdict{HiredisVerdict::Step::bad, 0};
  if (redisReaderGetReply(reader, &reply) == REDIS_OK) {
    verdict.step = reply == nullptr ? HiredisVerdict::Step::more : HiredisVerdict::Step::whole;
    if (reply != nullptr) verdict.taken = bytes.size() - (reader->len - reader->pos);
  }
  redisReaderFree(reader);
  return verdict;
}

}  // namespace keyshift::resp::test
