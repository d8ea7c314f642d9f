#include "resp/reply.hpp"

#include "resp/encode.hpp"

namespace keyshift::resp {
namespace {

void append_header(Bytes& out, char type, std::size_t length) {
  out += type;
  out.append(std::to_string(length)).append("\r\n", 2);
}

void append_body(Bytes& out, const Reply& reply) {
  const bool verbatim = reply.type == '=';
  append_header(out, reply.type, reply.text.size() + (verbatim ? 4 : 0));
  if (verbatim) out.append(reply.format, 3).append(1, ':');
  out.append(reply.text).append("\r\n", 2);
}

void append_null(Bytes& out, char form) {
  out += form;
  out.append(form == '_' ? "\r\n" : "-1\r\n");
}

/// How many values the header announces: pairs of a map count once, and the reply behind an attribute does not.
std::size_t announced(const Reply& reply) {
  return (reply.type == '%' || reply.type == '|') ? reply.elements.size() / 2 : reply.elements.size();
}

}  // namespace

bool Reply::error_is(BytesView word) const noexcept {
  const BytesView view(text);
  return error() && view.substr(0, view.find(' ')) == word;
}

void append_reply(Bytes& out, const Reply& reply) {
  switch (reply.type) {
    case '_':
      return append_null(out, reply.null_form);
    case ':':
      return append_integer(out, reply.integer);
    case '#':
      out.append(reply.integer != 0 ? "#t\r\n" : "#f\r\n");
      return;
    case '$':
    case '!':
    case '=':
      return append_body(out, reply);
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
      append_header(out, reply.type, announced(reply));
      for (const Reply& element : reply.elements) append_reply(out, element);
      return;
    default:
      out.append(1, reply.type).append(reply.text).append("\r\n", 2);
  }
}

Reply bulk(Bytes text) {
  Reply reply;
  reply.type = '$';
  reply.text = std::move(text);
  return reply;
}

Reply integer(std::int64_t value) {
  Reply reply;
  reply.type = ':';
  reply.integer = value;
  return reply;
}

Reply status(Bytes text) {
  Reply reply;
  reply.type = '+';
  reply.text = std::move(text);
  return reply;
}

Reply array(std::vector<Reply> elements) {
  Reply reply;
  reply.type = '*';
  reply.elements = std::move(elements);
  return reply;
}

Reply null(Protocol protocol) {
  Reply reply;
  reply.null_form = protocol == Protocol::resp3 ? '_' : '$';
  return reply;
}

}  // namespace keyshift::resp
