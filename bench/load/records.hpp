#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "options.hpp"

namespace keyshift::bench {

/// Requests and the replies that they must get, made from the number of a record alone.
///
/// The value of a record is its number in 16 hexadecimal digits and a fixed filling, so a reply that belongs to another
/// record is seen. Numbers start at a power of ten, so that all keys have the same length.
class Records {
 public:
  explicit Records(const Options& options) : keys_(options.keys) {
    while (base_ < keys_) base_ *= 10;
    const std::string number = std::to_string(base_);
    const std::size_t hole = options.key.find("{}");
    std::string key = options.key;
    key.replace(hole, 2, number);
    digits_ = number.size();
    const bool writes = options.command == Command::set || options.command == Command::fill;
    request_ = writes ? "*3\r\n$3\r\nSET\r\n" : "*2\r\n$3\r\nGET\r\n";
    request_ += "$" + std::to_string(key.size()) + "\r\n";
    key_at_ = request_.size() + hole;
    request_ += key + "\r\n";
    const std::string bulk = "$" + std::to_string(options.value_bytes) + "\r\n";
    const std::string value = std::string(options.value_bytes, 'v') + "\r\n";
    if (writes) {
      request_ += bulk;
      value_at_ = request_.size();
      request_ += value;
      reply_ = "+OK\r\n";
    } else {
      reply_ = bulk;
      tag_at_ = reply_.size();
      reply_ += value;
    }
  }

  void append_request(std::string& out, std::uint64_t record) {
    char* digit = request_.data() + key_at_ + digits_;
    for (std::uint64_t rest = base_ + record; digit != request_.data() + key_at_; rest /= 10)
      *--digit = static_cast<char>('0' + rest % 10);
    if (value_at_ != 0) tag(request_.data() + value_at_, record);
    out.append(request_);
  }

  [[nodiscard]] std::size_t reply_size() const noexcept { return reply_.size(); }

  /// Whether `bytes` are those of the reply to `record` from `offset` on.
  [[nodiscard]] bool matches(std::uint64_t record, std::size_t offset, std::string_view bytes) noexcept {
    if (tag_at_ != 0) tag(reply_.data() + tag_at_, record);
    return std::memcmp(reply_.data() + offset, bytes.data(), bytes.size()) == 0;
  }

 private:
  static void tag(char* at, std::uint64_t record) noexcept {
    for (int i = 15; i >= 0; --i, record >>= 4) at[i] = "0123456789abcdef"[record & 15];
  }

  std::uint64_t keys_;
  std::uint64_t base_ = 100000;
  std::size_t digits_ = 0, key_at_ = 0, value_at_ = 0, tag_at_ = 0;
  std::string request_, reply_;
};

}  // namespace keyshift::bench
