#include "resp/request_parser.hpp"

#include <algorithm>

#include "resp/number.hpp"

namespace keyshift::resp {
namespace {

constexpr std::int64_t unauthenticated_arguments = 10;
constexpr std::int64_t unauthenticated_bulk_bytes = 16384;
/// A request with more arguments, or quoted text, does not leave its memory behind.
constexpr std::size_t kept_arguments = 1024;
constexpr std::size_t kept_text_bytes = 1024;

constexpr BytesView too_big_inline = "-ERR Protocol error: too big inline request\r\n";
constexpr BytesView unbalanced_quotes = "-ERR Protocol error: unbalanced quotes in request\r\n";
constexpr BytesView too_big_count = "-ERR Protocol error: too big mbulk count string\r\n";
constexpr BytesView invalid_count = "-ERR Protocol error: invalid multibulk length\r\n";
constexpr BytesView unauthenticated_count = "-ERR Protocol error: unauthenticated multibulk length\r\n";
constexpr BytesView too_big_length = "-ERR Protocol error: too big bulk count string\r\n";
constexpr BytesView invalid_length = "-ERR Protocol error: invalid bulk length\r\n";
constexpr BytesView unauthenticated_length = "-ERR Protocol error: unauthenticated bulk length\r\n";

}  // namespace

RequestParser::Step RequestParser::parse(BytesView unread) {
  wanted_ = 0;
  if (!error_.empty()) return Step::error;
  if (fresh_) {
    if (unread.empty()) return Step::more;
    begin(unread.front());
  } else {
    argv_.clear();
  }
  if (!multibulk_) return parse_inline(unread);
  if (arguments_ < 0) {
    if (const Step step = parse_count(unread); step != Step::request) return step;
  }
  return parse_bulks(unread);
}

void RequestParser::begin(char first) {
  argv_.clear();
  spans_.clear();
  if (argv_.capacity() > kept_arguments) std::vector<BytesView>().swap(argv_);
  if (spans_.capacity() > kept_arguments) std::vector<Span>().swap(spans_);
  if (text_.capacity() > kept_text_bytes) Bytes().swap(text_);
  position_ = 0;
  scanned_ = 0;
  arguments_ = -1;
  bulk_length_ = -1;
  fresh_ = false;
  multibulk_ = first == '*';
  stream_ = true;
  hidden_ = false;
}

void RequestParser::reset() noexcept {
  fresh_ = true;
  error_ = {};
  argv_.clear();
  wanted_ = 0;
}

RequestParser::Line RequestParser::find_line_end(BytesView unread, char end) noexcept {
  const BytesView line = unread.substr(position_);
  const BytesView fresh = line.substr(scanned_);
  if (!hidden_) {
    const std::size_t at = fresh.find(end);
    const std::size_t nul = fresh.substr(0, at).find('\0');
    if (nul == BytesView::npos && at != BytesView::npos) {
      scanned_ += at;
      return scanned_ > limits_.inline_bytes ? Line::too_long : Line::whole;
    }
    hidden_ = nul != BytesView::npos;
  }
  scanned_ = line.size();
  return scanned_ > limits_.inline_bytes ? Line::too_long : Line::more;
}

RequestParser::Step RequestParser::parse_inline(BytesView unread) {
  const Line found = find_line_end(unread, '\n');
  if (found == Line::too_long) return wrong(too_big_inline);
  if (found == Line::more) return Step::more;
  BytesView line = unread.substr(0, scanned_);
  position_ = scanned_ + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!split(line)) return wrong(unbalanced_quotes);
  return finish(unread, argv_.empty() ? Step::empty : Step::request);
}

RequestParser::Step RequestParser::parse_count(BytesView unread) {
  std::size_t arguments = 0;
  const char* const behind = read_short_length(unread.data() + 1, unread.data() + unread.size(), arguments);
  if (behind != nullptr && arguments > 0) {
    position_ = static_cast<std::size_t>(behind - unread.data());
    return count_known(static_cast<std::int64_t>(arguments));
  }
  return parse_count_slowly(unread);
}

RequestParser::Step RequestParser::count_known(std::int64_t count) noexcept {
  if (count > limits_.arguments) return wrong(invalid_count);
  if (count > unauthenticated_arguments && limits_.unauthenticated) return wrong(unauthenticated_count);
  scanned_ = 0;
  arguments_ = arguments_left_ = count;
  return Step::request;
}

RequestParser::Step RequestParser::parse_count_slowly(BytesView unread) {
  const Line found = find_line_end(unread, '\r');
  if (found == Line::too_long) return wrong(too_big_count);
  if (found == Line::more || scanned_ + 2 > unread.size()) return Step::more;
  const auto count = read_integer(unread.substr(1, scanned_ - 1));
  if (!count) return wrong(invalid_count);
  position_ = scanned_ + 2;
  return *count > 0 ? count_known(*count) : finish(unread, Step::empty);
}

RequestParser::Step RequestParser::parse_bulks(BytesView unread) {
  while (arguments_left_ > 0) {
    if (bulk_length_ < 0) {
      if (const Step step = parse_bulk_length(unread); step != Step::request) return step;
    }
    const auto length = static_cast<std::size_t>(bulk_length_);
    if (unread.size() - position_ < length + 2) return wait_for_body(unread);
    argv_.emplace_back(unread.data() + position_, length);
    position_ += length + 2;
    bulk_length_ = -1;
    --arguments_left_;
  }
  return finish(unread, Step::request);
}

RequestParser::Step RequestParser::parse_bulk_length(BytesView unread) {
  const char* const end = unread.data() + unread.size();
  const char* const line = unread.data() + position_;
  std::size_t length = 0;
  const char* const behind = line < end && *line == '$' ? read_short_length(line + 1, end, length) : nullptr;
  if (behind == nullptr) return parse_bulk_length_slowly(unread);
  position_ = static_cast<std::size_t>(behind - unread.data());
  return length_known(static_cast<std::int64_t>(length));
}

RequestParser::Step RequestParser::length_known(std::int64_t length) noexcept {
  if (length < 0 || length > limits_.bulk_bytes) return wrong(invalid_length);
  if (length > unauthenticated_bulk_bytes && limits_.unauthenticated) return wrong(unauthenticated_length);
  scanned_ = 0;
  bulk_length_ = length;
  return Step::request;
}

RequestParser::Step RequestParser::parse_bulk_length_slowly(BytesView unread) {
  const Line found = find_line_end(unread, '\r');
  if (found == Line::too_long) return wrong(too_big_length);
  if (found == Line::more || position_ + scanned_ + 2 > unread.size()) return suspend(unread);
  const BytesView line = unread.substr(position_, scanned_);
  const char first = unread[position_];
  if (first != '$') {
    text_ = "-ERR Protocol error: expected '$', got '";
    text_ += (first == '\r' || first == '\n') ? ' ' : first;
    text_ += "'\r\n";
    return wrong(text_);
  }
  const auto length = read_integer(line.substr(1));
  if (!length) return wrong(invalid_length);
  position_ += scanned_ + 2;
  return length_known(*length);
}

RequestParser::Step RequestParser::wait_for_body(BytesView unread) {
  const auto length = static_cast<std::size_t>(bulk_length_);
  if (stream_ && length > limits_.stream_above) return announce(unread);
  wanted_ = length + 2 - (unread.size() - position_);
  return suspend(unread);
}

RequestParser::Step RequestParser::announce(BytesView unread) {
  stream_ = false;
  const auto announced = static_cast<std::size_t>(arguments_);
  big_ = Big{announced, announced - static_cast<std::size_t>(arguments_left_), static_cast<std::size_t>(bulk_length_),
             position_};
  keep_arguments(unread);
  restore_arguments(unread);
  return Step::big;
}

void RequestParser::streamed() noexcept {
  argv_.clear();
  spans_.clear();
  position_ = 0;
  bulk_length_ = -1;
  --arguments_left_;
  stream_ = true;
}

RequestParser::Step RequestParser::suspend(BytesView unread) {
  keep_arguments(unread);
  return Step::more;
}

RequestParser::Step RequestParser::finish(BytesView unread, Step step) noexcept {
  if (!spans_.empty()) {
    keep_arguments(unread);
    restore_arguments(unread);
  }
  consumed_ = position_;
  fresh_ = true;
  return step;
}

RequestParser::Step RequestParser::wrong(BytesView line) noexcept {
  error_ = line;
  return Step::error;
}

void RequestParser::keep_arguments(BytesView unread) {
  for (const BytesView argument : argv_) {
    spans_.push_back({static_cast<std::size_t>(argument.data() - unread.data()), argument.size()});
  }
  argv_.clear();
}

void RequestParser::restore_arguments(BytesView unread) {
  for (const Span& span : spans_) argv_.push_back(unread.substr(span.offset, span.size));
}

}  // namespace keyshift::resp
