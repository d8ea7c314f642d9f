// Splitting of inline requests: quotes and escapes as redis-server reads them (sds.c, sdssplitargs).
#include "resp/request_parser.hpp"

namespace keyshift::resp {
namespace {

/// isspace() of the C locale, whatever locale the process has.
constexpr bool blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
/// What ends a token outside quotes: fewer bytes than what is skipped in front of one.
constexpr bool ends_token(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr char escaped(char c) noexcept {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

/// One byte of a double-quoted part that begins at `line[at]`; moves `at` behind it.
char read_quoted_byte(BytesView line, std::size_t& at) noexcept {
  const char c = line[at++];
  if (c != '\\' || at == line.size()) return c;
  if (line[at] == 'x' && at + 2 < line.size() && hex_digit(line[at + 1]) >= 0 && hex_digit(line[at + 2]) >= 0) {
    at += 3;
    return static_cast<char>(hex_digit(line[at - 2]) * 16 + hex_digit(line[at - 1]));
  }
  return escaped(line[at++]);
}

/// Appends the quoted part whose opening quote is at `line[at]`; moves `at` behind the closing one.
/// False when that is missing or has something other than a blank behind it.
bool append_quoted(BytesView line, std::size_t& at, Bytes& out) {
  const char quote = line[at++];
  while (at < line.size() && line[at] != quote) {
    if (quote == '"') {
      out += read_quoted_byte(line, at);
    } else {
      if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '\'') ++at;
      out += line[at++];
    }
  }
  if (at == line.size()) return false;
  ++at;
  return at == line.size() || blank(line[at]);
}

}  // namespace

bool RequestParser::split(BytesView line) {
  argv_.clear();
  text_.clear();
  text_.reserve(line.size());
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && blank(line[at])) ++at;
    if (at == line.size()) return true;
    const std::size_t begin = at;
    const std::size_t copied = text_.size();
    bool quoted = false;
    while (at < line.size() && !ends_token(line[at]) && !quoted) {
      quoted = line[at] == '"' || line[at] == '\'';
      if (!quoted) {
        text_ += line[at++];
      } else if (!append_quoted(line, at, text_)) {
        return false;
      }
    }
    argv_.push_back(quoted ? BytesView(text_).substr(copied) : line.substr(begin, at - begin));
    if (!quoted) text_.resize(copied);
  }
}

}  // namespace keyshift::resp
