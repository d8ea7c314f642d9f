#include "journal.hpp"

#include <hiredis/hiredis.h>

#include <chrono>

#include "checker/history_file.hpp"

namespace keyshift::history {

void Journal::known(const Operation& operation) {
  out_ << to_json(operation) << '\n';
  ++written;
}

void Journal::unknown(Operation operation, const std::string& why) {
  operation.end = never;
  operation.replies.clear();
  operation.note = why;
  out_ << to_json(operation) << '\n';
  ++lost;
}

void Journal::refused(Operation operation, const std::string& why) {
  operation.end = never;
  operation.replies.clear();
  std::string line = to_json(operation);
  line.pop_back();
  std::string quoted;
  for (const char letter : why)
    quoted += letter == '"' || letter == '\\' || static_cast<unsigned char>(letter) < 32 ? '\'' : letter;
  out_ << line << ",\"refused\":\"" << quoted << "\"}\n";
  ++not_run;
}

Reply reply_of(const redisReply& from) {
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      return integer(from.integer);
    case REDIS_REPLY_STATUS:
      return status({from.str, from.len});
    case REDIS_REPLY_ERROR:
      return error({from.str, from.len});
    case REDIS_REPLY_STRING:
      return text({from.str, from.len});
    case REDIS_REPLY_ARRAY:
      break;
    default:
      return {};
  }
  std::vector<Reply> elements;
  for (std::size_t i = 0; i < from.elements; ++i) elements.push_back(reply_of(*from.element[i]));
  return array(std::move(elements));
}

Instant now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace keyshift::history
