// parse_reply: hiredis' reader with object functions that build the tree.
#include <hiredis/read.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "resp/number.hpp"
#include "resp/reply.hpp"
#include "resp/reply_framer.hpp"

namespace keyshift::resp {
namespace {

/// hiredis knows neither blob errors nor attributes. They are shown to it as bulks and arrays (an attribute with its
/// reply as one array), and called by their names again when the tree is built: both walks meet values in one order.
struct Disguised {
  Bytes bytes;
  std::vector<std::pair<std::size_t, char>> types;  ///< which value, counted from 0, and its true type
};

struct Builder {
  Reply root;
  const Disguised* disguised;
  std::size_t values = 0;
  std::size_t next_disguised = 0;
};

char type_byte(int type) noexcept {
  switch (type) {
    case REDIS_REPLY_STRING:
      return '$';
    case REDIS_REPLY_ARRAY:
      return '*';
    case REDIS_REPLY_INTEGER:
      return ':';
    case REDIS_REPLY_STATUS:
      return '+';
    case REDIS_REPLY_ERROR:
      return '-';
    case REDIS_REPLY_DOUBLE:
      return ',';
    case REDIS_REPLY_BOOL:
      return '#';
    case REDIS_REPLY_MAP:
      return '%';
    case REDIS_REPLY_SET:
      return '~';
    case REDIS_REPLY_PUSH:
      return '>';
    case REDIS_REPLY_BIGNUM:
      return '(';
    case REDIS_REPLY_VERB:
      return '=';
    default:
      return '_';
  }
}

/// The place of the next value in the tree. It stays where it is until it is whole: only then does its parent grow.
Reply* place(const redisReadTask* task) {
  auto& builder = *static_cast<Builder*>(task->privdata);
  Reply* const reply =
      task->parent == nullptr ? &builder.root : &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
  reply->type = type_byte(task->type);
  const auto& types = builder.disguised->types;
  if (builder.next_disguised < types.size() && types[builder.next_disguised].first == builder.values) {
    reply->type = types[builder.next_disguised++].second;
  }
  ++builder.values;
  return reply;
}

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
  Reply* const reply = place(task);
  BytesView view(text, size);
  if (reply->type == '=') {
    view.copy(reply->format, 3);
    view.remove_prefix(4);
  }
  reply->text = view;
  return reply;
}

void* create_array(const redisReadTask* task, std::size_t) { return place(task); }

void* create_integer(const redisReadTask* task, long long value) {
  Reply* const reply = place(task);
  reply->integer = value;
  return reply;
}

void* create_double(const redisReadTask* task, double, char* text, std::size_t size) {
  return create_string(task, text, size);
}

void* create_nil(const redisReadTask* task) {
  Reply* const reply = place(task);
  reply->null_form = std::exchange(reply->type, '_');
  return reply;
}

void* create_bool(const redisReadTask* task, int value) { return create_integer(task, value); }

/// The tree is owned by the builder, not by the reader.
void free_object(void*) {}

/// `bytes` is one whole reply (the framer said so), so every header and body is there.
Disguised disguise(BytesView bytes) {
  Disguised out;
  std::size_t at = 0;
  for (std::size_t value = 0; at < bytes.size(); ++value) {
    const char type = bytes[at];
    const std::size_t line_end = bytes.find("\r\n", at) + 2;
    const auto number = read_integer(bytes.substr(at + 1, line_end - at - 3)).value_or(-1);
    std::size_t end = line_end;
    if ((type == '$' || type == '!' || type == '=') && number >= 0) end += static_cast<std::size_t>(number) + 2;
    if (type == '!' || type == '|') out.types.emplace_back(value, type);
    if (type == '|') {
      out.bytes.append("*").append(std::to_string(2 * number + 1)).append("\r\n");
    } else {
      out.bytes.append(type == '!' ? "$" : bytes.substr(at, 1)).append(bytes.substr(at + 1, end - at - 1));
    }
    at = end;
  }
  return out;
}

bool one_whole_reply(BytesView bytes) noexcept {
  ReplyFramer framer;
  const auto [step, taken] = framer.feed(bytes);
  return step == ReplyFramer::Step::whole && taken == bytes.size();
}

}  // namespace

Result<Reply> parse_reply(BytesView bytes) {
  if (!one_whole_reply(bytes))
    return fail(ErrorCode::upstream, "the server sent something that is not one whole reply");
  Disguised disguised;
  if (bytes.find_first_of("!|") != BytesView::npos) {
    disguised = disguise(bytes);
    bytes = disguised.bytes;
  }
  static redisReplyObjectFunctions functions{create_string, create_array, create_integer, create_double,
                                             create_nil,    create_bool,  free_object};
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreateWithFunctions(&functions),
                                                                        &redisReaderFree);
  Builder builder{{}, &disguised};
  if (reader == nullptr) return fail(ErrorCode::system, "out of memory");
  reader->privdata = &builder;
  reader->maxelements = 0;  // the framer has looked at the lengths
  void* whole = nullptr;
  if (redisReaderFeed(reader.get(), bytes.data(), bytes.size()) != REDIS_OK ||
      redisReaderGetReply(reader.get(), &whole) != REDIS_OK || whole == nullptr) {
    return fail(ErrorCode::upstream, "the server sent a reply that cannot be read: " + Bytes(reader->errstr));
  }
  return std::move(builder.root);
}

}  // namespace keyshift::resp
