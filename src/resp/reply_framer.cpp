#include "resp/reply_framer.hpp"

#include <algorithm>
#include <array>

#include "resp/number.hpp"

namespace keyshift::resp {
namespace {

constexpr std::uint64_t max_elements = 0xFFFFFFFF;  // hiredis: REDIS_READER_MAX_ARRAY_ELEMENTS
constexpr std::uint32_t max_length_digits = 18;     // below 2^63, and no redis-server has such a value
constexpr std::uint32_t max_integer_bytes = 20;     // "-9223372036854775808"
constexpr std::uint32_t max_double_bytes = 325;     // hiredis' limit
constexpr std::uint32_t verbatim_prefix = 4;        // "txt:"

constexpr bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool one_of(char c, BytesView set) noexcept { return set.find(c) != BytesView::npos; }

enum Kind : std::uint8_t { unknown = 0, aggregate, bulk, text, scalar };
constexpr std::array<Kind, 256> kinds = [] {
  std::array<Kind, 256> table{};
  const auto put = [&table](Kind kind, BytesView heads) {
    for (const char head : heads) table[static_cast<unsigned char>(head)] = kind;
  };
  put(aggregate, "*%~>|");
  put(bulk, "$!=");
  put(text, "+-(");  // redis-server lets a script put any text into a big number, too
  put(scalar, ":_,#");
  return table;
}();
constexpr Kind kind_of(char head) noexcept { return kinds[static_cast<unsigned char>(head)]; }
constexpr bool is_aggregate(char head) noexcept { return kind_of(head) == aggregate; }
constexpr bool is_bulk(char head) noexcept { return kind_of(head) == bulk; }
constexpr bool is_text(char head) noexcept { return kind_of(head) == text; }

}  // namespace

ReplyFramer::Fed ReplyFramer::feed(BytesView chunk) noexcept {
  if (bad_) return {Step::bad, 0};
  if (chunk.empty()) return {Step::more, 0};
  if (idle_) {
    idle_ = false;
    type_ = 0;
    elements_ = -1;
  }
  std::size_t taken = 0;
  while (taken < chunk.size()) {
    taken += take(chunk.substr(taken));
    if (bad_) return {Step::bad, taken};
    if (idle_) return {Step::whole, taken};
  }
  return {Step::more, taken};
}

std::size_t ReplyFramer::take(BytesView rest) noexcept {
  if (body_left_ > 0) return take_body(rest);
  if (head_ != 0) return take_line(rest);
  if (const std::size_t whole = take_whole_value(rest); whole > 0) return whole;
  take_type(rest.front());
  if (bad_) return 1;
  return 1 + (is_text(head_) ? take_whole_text(rest.substr(1)) : take_whole_length(rest.substr(1)));
}

/// Fast road for a bulk or a count that lies whole in `rest`: most replies, and every key in a page of SCAN. 0: the
/// long way.
std::size_t ReplyFramer::take_whole_value(BytesView rest) noexcept {
  const bool string = rest.front() == '$';
  if (!string && rest.front() != ':') return 0;
  const char* const end = rest.data() + rest.size();
  std::size_t length = 0;
  const char* behind = read_short_length(rest.data() + 1, end, length);
  if (behind == nullptr || behind[-1] != '\n') return 0;
  if (string) {
    if (static_cast<std::size_t>(end - behind) < length + 2 || behind[length] != '\r' || behind[length + 1] != '\n')
      return 0;
    behind += length + 2;
  }
  if (depth_ == 0) type_ = rest.front();
  value_done();
  return static_cast<std::size_t>(behind - rest.data());
}

std::size_t ReplyFramer::take_whole_text(BytesView rest) noexcept {
  const char* const end = rest.data() + rest.size();
  const char* at = rest.data();
  while (at < end && static_cast<unsigned char>(*at) > '\r') ++at;
  if (end - at < 2 || at[0] != '\r' || at[1] != '\n') return 0;
  value_done();
  return static_cast<std::size_t>(at + 2 - rest.data());
}

std::size_t ReplyFramer::take_whole_length(BytesView rest) noexcept {
  std::size_t length = 0;
  const char* const behind = read_short_length(rest.data(), rest.data() + rest.size(), length);
  if (behind == nullptr || behind[-1] != '\n' || !(head_ == ':' || is_bulk(head_) || is_aggregate(head_))) return 0;
  number_ = length;
  line_bytes_ = 1;
  line_done();
  return static_cast<std::size_t>(behind - rest.data());
}

void ReplyFramer::take_type(char c) noexcept {
  bad_ = kind_of(c) == unknown;
  if (depth_ == 0 && c != '|') type_ = c;
  head_ = c;
  number_ = 0;
  line_bytes_ = 0;
  negative_ = false;
}

std::size_t ReplyFramer::take_line(BytesView rest) noexcept {
  if (is_text(head_) && !carriage_) {
    const std::size_t end = std::min(rest.find('\r'), rest.size());
    bad_ = rest.substr(0, end).find('\n') != BytesView::npos;
    carriage_ = end < rest.size();
    return end + (carriage_ ? 1 : 0);
  }
  std::size_t taken = 0;
  while (taken < rest.size() && head_ != 0 && body_left_ == 0 && !bad_) take_line_byte(rest[taken++]);
  return taken;
}

void ReplyFramer::take_line_byte(char c) noexcept {
  if (carriage_) {
    carriage_ = false;
    bad_ = c != '\n';
    if (!bad_) line_done();
  } else if (c == '\r') {
    carriage_ = true;
  } else if (is_aggregate(head_) || is_bulk(head_)) {
    take_length_byte(c);
  } else {
    take_number_byte(c);
  }
}

void ReplyFramer::take_length_byte(char c) noexcept {
  if (c == '-' && line_bytes_ == 0) {
    negative_ = true;
  } else {
    const bool leading_zero = line_bytes_ > 0 && number_ == 0;
    bad_ = !digit(c) || (leading_zero && !negative_) || line_bytes_ >= max_length_digits;
    number_ = number_ * 10 + static_cast<std::uint64_t>(c - '0');
  }
  ++line_bytes_;
}

void ReplyFramer::take_number_byte(char c) noexcept {
  const bool first = line_bytes_ == 0;
  negative_ = negative_ || (first && c == '-');
  switch (head_) {
    case ':':
      bad_ = !(digit(c) || (first && c == '-')) || line_bytes_ >= max_integer_bytes;
      break;
    case ',':
      bad_ = !one_of(c, "0123456789+-.eEinfaINFA") || line_bytes_ >= max_double_bytes;
      break;
    case '#':
      bad_ = !first || !one_of(c, "tfTF");
      break;
    default:
      bad_ = true;  // '_' has an empty line
  }
  if (line_bytes_ < max_double_bytes) ++line_bytes_;
}

void ReplyFramer::line_done() noexcept {
  if (is_bulk(head_)) return bulk_begins();
  if (is_aggregate(head_)) return aggregate_begins();
  bad_ = head_ != '_' && !is_text(head_) && line_bytes_ == (negative_ ? 1 : 0);
  value_done();
}

void ReplyFramer::bulk_begins() noexcept {
  if (negative_) {
    bad_ = head_ != '$' || line_bytes_ != 2 || number_ != 1;
    return value_done();
  }
  bad_ = line_bytes_ == 0 || (head_ == '=' && number_ < verbatim_prefix);
  body_left_ = number_ + 2;
}

std::size_t ReplyFramer::take_body(BytesView rest) noexcept {
  const std::uint64_t done = number_ + 2 - body_left_;
  const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), body_left_));
  const auto byte_is = [&](std::uint64_t at, char c) {
    return at < done || at >= done + taken || rest[at - done] == c;
  };
  bad_ = !byte_is(number_, '\r') || !byte_is(number_ + 1, '\n') || (head_ == '=' && !byte_is(verbatim_prefix - 1, ':'));
  body_left_ -= taken;
  if (body_left_ == 0) value_done();
  return taken;
}

void ReplyFramer::aggregate_begins() noexcept {
  if (depth_ == 0 && head_ != '|') elements_ = negative_ ? -1 : static_cast<std::int64_t>(number_);
  if (negative_) {
    bad_ = head_ != '*' || line_bytes_ != 2 || number_ != 1;
    return value_done();
  }
  bad_ = line_bytes_ == 0 || number_ > max_elements || depth_ == max_depth;
  if (bad_) return;
  const bool pairs = head_ == '%' || head_ == '|';
  const bool attribute = head_ == '|';
  if (depth_ == 0 && pairs && !attribute) elements_ *= 2;
  head_ = 0;
  if (number_ > 0) {
    if (depth_ >= shallow) deeper_.resize(static_cast<std::size_t>(depth_ - shallow) + 1);
    level(depth_++) = {static_cast<std::int64_t>(pairs ? number_ * 2 : number_), attribute};
  } else if (!attribute) {
    value_done();
  }
}

void ReplyFramer::value_done() noexcept {
  head_ = 0;
  while (depth_ > 0) {
    Open& open = level(depth_ - 1);
    if (--open.left > 0) return;
    --depth_;
    if (open.attribute) return;
  }
  idle_ = !bad_;
}

}  // namespace keyshift::resp
