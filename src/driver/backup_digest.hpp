#pragma once
#include <memory>
#include <string>

#include "base/bytes.hpp"

struct evp_md_ctx_st;

namespace keyshift::driver {

/// SHA-256 of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  void add(BytesView bytes);
  /// 64 hexadecimal digits of all that was added so far; more may be added behind it.
  [[nodiscard]] std::string hex() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace keyshift::driver
