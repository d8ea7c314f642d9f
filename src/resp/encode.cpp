#include "resp/encode.hpp"

#include <algorithm>
#include <charconv>

namespace keyshift::resp {
namespace {

/// Appends "<sign><value>\r\n".
template <class Number>
void append_line(Bytes& out, char sign, Number value) {
  char line[24];
  line[0] = sign;
  char* end = std::to_chars(line + 1, line + sizeof line - 2, value).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append(line, static_cast<std::size_t>(end - line));
}

template <class Arguments>
void append_arguments(Bytes& out, const Arguments& argv) {
  append_array_header(out, argv.size());
  for (const BytesView argument : argv) append_bulk(out, argument);
}

}  // namespace

void append_command(Bytes& out, std::span<const BytesView> argv) { append_arguments(out, argv); }
void append_command(Bytes& out, std::initializer_list<BytesView> argv) { append_arguments(out, argv); }

void append_array_header(Bytes& out, std::size_t elements) { append_line(out, '*', elements); }

void append_bulk(Bytes& out, BytesView body) {
  if (body.size() >= 100) {
    append_line(out, '$', body.size());
    out.append(body).append("\r\n", 2);
    return;
  }
  // Names of records are short and on the path of every command that is rewritten: one append.
  char whole[128];
  char* end = whole;
  *end++ = '$';
  if (body.size() >= 10) *end++ = static_cast<char>('0' + body.size() / 10);
  *end++ = static_cast<char>('0' + body.size() % 10);
  *end++ = '\r';
  *end++ = '\n';
  end = std::copy(body.begin(), body.end(), end);
  *end++ = '\r';
  *end++ = '\n';
  out.append(whole, static_cast<std::size_t>(end - whole));
}

void append_integer(Bytes& out, long long value) { append_line(out, ':', value); }

}  // namespace keyshift::resp
