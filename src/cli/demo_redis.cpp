#include "cli/demo_redis.hpp"

#include <sys/time.h>

#include <cerrno>

namespace keyshift::cli::demo {
namespace {

timeval timeval_of(milliseconds span) { return {span.count() / 1000, span.count() % 1000 * 1000}; }

}  // namespace

Result<Redis> Redis::connect(std::uint16_t port, milliseconds patience) {
  const timeval limit = timeval_of(patience);
  Context context(redisConnectWithTimeout("127.0.0.1", port, limit), &redisFree);
  if (!context || context->err != 0)
    return fail(ErrorCode::store, "127.0.0.1:" + std::to_string(port) + ": " +
                                      (context ? std::string(context->errstr) : std::string("out of memory")));
  redisSetTimeout(context.get(), limit);
  return Result<Redis>(boost::system::in_place_value, Redis(std::move(context)));
}

bool Redis::wait_up_to(milliseconds patience) {
  return redisSetTimeout(context_.get(), timeval_of(patience)) == REDIS_OK;
}

void Redis::append(const Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> lengths;
  words.reserve(command.size());
  lengths.reserve(command.size());
  for (const std::string& word : command) {
    words.push_back(word.data());
    lengths.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(), lengths.data());
}

Reply Redis::take() {
  void* reply = nullptr;
  errno = 0;
  if (redisGetReply(context_.get(), &reply) != REDIS_OK) {
    reply = nullptr;
    late_ = context_->err == REDIS_ERR_TIMEOUT || (context_->err == REDIS_ERR_IO && errno == EAGAIN);
  }
  return {static_cast<redisReply*>(reply), &freeReplyObject};
}

Reply Redis::ask(const Command& command) {
  append(command);
  return take();
}

std::string Redis::trouble() const { return context_->err == 0 ? "no reply" : context_->errstr; }

bool is_error(const Reply& reply) noexcept { return !reply || reply->type == REDIS_REPLY_ERROR; }

bool is_integer(const redisReply* reply, std::int64_t value) noexcept {
  return reply != nullptr && reply->type == REDIS_REPLY_INTEGER && reply->integer == value;
}

bool is_text(const redisReply* reply, const std::string& value) noexcept {
  return reply != nullptr && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) &&
         value == std::string_view(reply->str, reply->len);
}

bool is_nil(const redisReply* reply) noexcept { return reply != nullptr && reply->type == REDIS_REPLY_NIL; }

std::vector<std::string> texts(const redisReply* reply) {
  std::vector<std::string> out;
  if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY) return out;
  out.reserve(reply->elements);
  for (std::size_t i = 0; i < reply->elements; ++i) {
    const redisReply* part = reply->element[i];
    out.push_back(part->type == REDIS_REPLY_STRING ? std::string(part->str, part->len) : std::string());
  }
  return out;
}

}  // namespace keyshift::cli::demo
