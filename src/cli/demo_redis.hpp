#pragma once
#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace keyshift::cli::demo {

/// A reply of hiredis; null when the connection broke.
using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

/// hiredis' blocking client as an ordinary app uses it: nothing in it knows of Keyshift. One thread.
class Redis {
 public:
  using Command = std::vector<std::string>;

  /// Connects to a port on loopback; every call then takes at most `patience`. Error `store`.
  static Result<Redis> connect(std::uint16_t port, milliseconds patience = seconds(30));

  /// From now on each call takes at most this long; false when that cannot be had.
  bool wait_up_to(milliseconds patience);

  Reply ask(const Command& command);
  /// Pipelining: as many take() as append().
  void append(const Command& command);
  Reply take();
  /// Why the last reply was null.
  [[nodiscard]] std::string trouble() const;
  /// Whether it was null because nothing came in time; what comes later belongs to nothing any more.
  [[nodiscard]] bool late() const noexcept { return late_; }

 private:
  using Context = std::unique_ptr<redisContext, decltype(&redisFree)>;
  explicit Redis(Context context) : context_(std::move(context)) {}
  Context context_;
  bool late_ = false;
};

/// What of a reply is compared; `reply` may be null, and then nothing is equal.
bool is_error(const Reply& reply) noexcept;
bool is_integer(const redisReply* reply, std::int64_t value) noexcept;
bool is_text(const redisReply* reply, const std::string& value) noexcept;
bool is_nil(const redisReply* reply) noexcept;
/// The strings of an array, in its order; whatever else there is counts as an empty one.
std::vector<std::string> texts(const redisReply* reply);

}  // namespace keyshift::cli::demo
