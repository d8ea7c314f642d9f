#pragma once
#include <sha2.h>

#include <string>

#include "base/bytes.hpp"

namespace keyshift::driver {

/// SHA-256 of bytes that come piece by piece. By libmd and not by OpenSSL: mapping libcrypto costs each proxy 0.9 MiB.
class Sha256 {
 public:
  Sha256();
  void add(BytesView bytes);
  /// 64 hexadecimal digits of all that was added so far; more may be added behind it.
  [[nodiscard]] std::string hex() const;

 private:
  SHA2_CTX context_;
};

}  // namespace keyshift::driver
