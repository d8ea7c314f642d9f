#include "driver/sha256.hpp"

namespace keyshift::driver {

Sha256::Sha256() { SHA256Init(&context_); }

void Sha256::add(BytesView bytes) {
  SHA256Update(&context_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string Sha256::hex() const {
  SHA2_CTX copy = context_;
  std::uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256Final(digest, &copy);
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace keyshift::driver
