#include "reply.hpp"

namespace keyshift::history {

std::string show(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::null:
      return "(nil)";
    case Reply::Kind::integer:
      return std::to_string(reply.number);
    case Reply::Kind::text:
      return '"' + reply.text + '"';
    case Reply::Kind::status:
      return reply.text;
    case Reply::Kind::error:
      return '!' + reply.text;
    case Reply::Kind::array:
      break;
  }
  std::string out = "[";
  for (const Reply& element : reply.elements) out += (out.size() > 1 ? " " : "") + show(element);
  return out + "]";
}

}  // namespace keyshift::history
