#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace keyshift::bench {

/// Reads the decimal number of a header line such as "$64\r\n" that starts at `at` (its type byte).
/// Returns the position behind the line, or nullptr when the line is not whole yet.
inline const char* header(const char* at, const char* end, std::int64_t& number) noexcept {
  const char* p = at + 1;
  bool negative = false;
  std::int64_t value = 0;
  for (; p != end && *p != '\r'; ++p) {
    if (*p == '-')
      negative = true;
    else
      value = value * 10 + (*p - '0');
  }
  if (end - p < 2) return nullptr;
  number = negative ? -value : value;
  return p + 2;
}

/// Finds how many whole requests `bytes` begins with. Trusts its peer: a yardstick, not a proxy.
struct Requests {
  std::size_t count = 0;
  std::size_t bytes = 0;

  explicit Requests(std::string_view input) noexcept {
    const char* at = input.data();
    const char* const end = at + input.size();
    while (at != end) {
      const char* next = one(at, end);
      if (next == nullptr) return;
      bytes += static_cast<std::size_t>(next - at);
      ++count;
      at = next;
    }
  }

 private:
  static const char* one(const char* at, const char* end) noexcept {
    if (*at != '*') {
      const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
      return newline == nullptr ? nullptr : static_cast<const char*>(newline) + 1;
    }
    std::int64_t arguments = 0;
    at = header(at, end, arguments);
    for (; at != nullptr && arguments > 0; --arguments) {
      if (at == end) return nullptr;
      std::int64_t size = 0;
      at = header(at, end, size);
      if (at == nullptr || end - at < size + 2) return nullptr;
      at += size + 2;
    }
    return at;
  }
};

/// Finds the end of one reply over any number of pieces; bulk bodies are skipped, not looked at.
class ReplyEnd {
 public:
  struct Step {
    std::size_t bytes;  ///< how much of the input belongs to the reply
    bool whole;         ///< the reply ends there
  };

  /// When not whole and bytes < input.size(), the rest is half a header: offer it again with more behind it.
  Step feed(std::string_view input) noexcept {
    const char* at = input.data();
    const char* const end = at + input.size();
    while (left_ > 0) {
      const auto have = static_cast<std::uint64_t>(end - at);
      if (skip_ > 0) {
        const std::uint64_t now = skip_ < have ? skip_ : have;
        at += now;
        skip_ -= now;
        if (skip_ > 0) break;
        --left_;
        continue;
      }
      if (have == 0) break;
      const char* next = element(at, end);
      if (next == nullptr) break;
      at = next;
    }
    const bool whole = left_ == 0;
    if (whole) left_ = 1;
    return {static_cast<std::size_t>(at - input.data()), whole};
  }

 private:
  const char* element(const char* at, const char* end) noexcept {
    std::int64_t number = 0;
    switch (*at) {
      case '$':
      case '=':
      case '!':
        if ((at = header(at, end, number)) == nullptr) return nullptr;
        if (number < 0)
          --left_;
        else
          skip_ = static_cast<std::uint64_t>(number) + 2;
        return at;
      case '*':
      case '~':
      case '>':
      case '%':
        if (const char* next = header(at, end, number); next != nullptr) {
          left_ += (*at == '%' ? 2 : 1) * (number < 0 ? 0 : number) - 1;
          return next;
        }
        return nullptr;
      default: {
        const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
        if (newline == nullptr) return nullptr;
        --left_;
        return static_cast<const char*>(newline) + 1;
      }
    }
  }

  std::int64_t left_ = 1;
  std::uint64_t skip_ = 0;
};

}  // namespace keyshift::bench
