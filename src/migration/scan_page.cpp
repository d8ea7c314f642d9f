#include "migration/scan_page.hpp"

#include <charconv>

#include "resp/number.hpp"

namespace keyshift::migration {

bool ScanPage::number(char type, std::uint64_t& value) noexcept {
  if (rest_.size() < 4 || rest_[0] != type) return false;
  const char* const end = rest_.data() + rest_.size();
  std::size_t length = 0;
  if (const char* const behind = resp::read_short_length(rest_.data() + 1, end, length);
      behind != nullptr && behind[-1] == '\n') {
    value = length;
    rest_.remove_prefix(static_cast<std::size_t>(behind - rest_.data()));
    return true;
  }
  const auto [stop, code] = std::from_chars(rest_.data() + 1, end, value);
  if (code != std::errc() || end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') return false;
  rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()) + 2);
  return true;
}

bool ScanPage::bulk(BytesView& body) noexcept {
  std::uint64_t size = 0;
  if (!number('$', size) || rest_.size() < 2 || size > rest_.size() - 2) return false;
  body = rest_.substr(0, size);
  rest_.remove_prefix(size + 2);
  return true;
}

bool ScanPage::open(BytesView reply) noexcept {
  rest_ = reply;
  std::uint64_t parts = 0;
  BytesView cursor;
  if (!number('*', parts) || parts != 2 || !bulk(cursor)) return false;
  const char* const end = cursor.data() + cursor.size();
  const auto [stop, code] = std::from_chars(cursor.data(), end, cursor_);
  return code == std::errc() && stop == end && number('*', left_);
}

bool ScanPage::next(BytesView& key) noexcept {
  if (left_ == 0) return false;
  if (!bulk(key)) {
    damaged_ = true;
    left_ = 0;
    return false;
  }
  --left_;
  return true;
}

}  // namespace keyshift::migration
