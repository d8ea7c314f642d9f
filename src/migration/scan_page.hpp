#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace keyshift::migration {

/// One reply of SCAN, read where it lies: no tree, no copy, since a sweep reads every key of a server through it.
/// Views into the bytes given to open(); valid as long as those.
class ScanPage {
 public:
  /// `reply` is one whole reply, RESP2 or 3. False when it is no page of SCAN.
  bool open(BytesView reply) noexcept;

  /// Where the next SCAN goes on; 0: this page was the last.
  [[nodiscard]] std::uint64_t cursor() const noexcept { return cursor_; }
  /// Keys not yet given by next().
  [[nodiscard]] std::uint64_t keys_left() const noexcept { return left_; }
  /// The next key; false behind the last one, and when the bytes are not what was announced (see damaged()).
  bool next(BytesView& key) noexcept;
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }

 private:
  bool number(char type, std::uint64_t& value) noexcept;
  bool bulk(BytesView& body) noexcept;

  BytesView rest_;
  std::uint64_t cursor_ = 0;
  std::uint64_t left_ = 0;
  bool damaged_ = false;
};

}  // namespace keyshift::migration
