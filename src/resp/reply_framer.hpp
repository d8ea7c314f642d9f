#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::resp {

/// Finds where one RESP2 or RESP3 reply ends, in any chunking, without keeping or copying bytes.
///
/// Feed it chunk after chunk: it takes what belongs to the current top-level reply and says when that is whole; the
/// caller passes on the bytes taken as they are. An attribute ('|') in front counts as part of its reply. One thread.
/// A push inside another reply is one of its elements: EXEC answers so for an UNSUBSCRIBE in a transaction.
/// Streamed types ("$?", "*?", ";"), more than `max_depth` aggregates in one another and anything that is not RESP give
/// `bad`, after which only reset() helps. Lengths are read as hiredis reads them: no leading zeros, at most 2^32-1
/// elements. Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/ .
class ReplyFramer {
 public:
  /// redis-server 7.0 nests 12 levels at most by itself (COMMAND DOCS); only a script can ask for more.
  /// What redis-server nests by itself is far less; a script that returns tables in tables gets to its stack's limit.
  static constexpr int max_depth = 10000;

  enum class Step : std::uint8_t { more, whole, bad };
  struct Fed {
    Step step;
    std::size_t taken;  ///< bytes of the chunk that belong to the current reply
  };

  Fed feed(BytesView chunk) noexcept;

  /// First byte of the current reply ('+', '-', ':', '$', '*', '_', ',', '#', '!', '=', '(', '%', '~', '>'), behind any
  /// attribute; 0 before it is known. Stays until the next reply begins.
  [[nodiscard]] char type() const noexcept { return type_; }
  /// True when the current reply is a push ('>'), which answers no command.
  [[nodiscard]] bool push() const noexcept { return type_ == '>'; }
  /// Bytes of the bulk body that is being read and that are still to come, CRLF included; 0 outside a body.
  [[nodiscard]] std::uint64_t body_left() const noexcept { return body_left_; }
  /// Elements of the top-level aggregate as announced (pairs count twice); -1 for a null or no aggregate.
  [[nodiscard]] std::int64_t elements() const noexcept { return elements_; }
  /// True between replies.
  [[nodiscard]] bool idle() const noexcept { return idle_; }
  void reset() noexcept { *this = ReplyFramer(); }

 private:
  /// An aggregate whose values are still being read.
  struct Open {
    std::int64_t left;  ///< values still to come
    bool attribute;     ///< its reply follows, so it counts as no value of the aggregate around it
  };

  std::size_t take(BytesView rest) noexcept;
  std::size_t take_whole_value(BytesView rest) noexcept;
  std::size_t take_whole_text(BytesView rest) noexcept;
  std::size_t take_whole_length(BytesView rest) noexcept;
  std::size_t take_line(BytesView rest) noexcept;
  std::size_t take_body(BytesView rest) noexcept;
  void take_type(char c) noexcept;
  void take_line_byte(char c) noexcept;
  void take_length_byte(char c) noexcept;
  void take_number_byte(char c) noexcept;
  void line_done() noexcept;
  void bulk_begins() noexcept;
  void aggregate_begins() noexcept;
  void value_done() noexcept;
  Open& level(std::int32_t depth) noexcept {
    return depth < shallow ? open_[depth] : deeper_[static_cast<std::size_t>(depth - shallow)];
  }

  std::uint64_t body_left_ = 0;
  std::uint64_t number_ = 0;  ///< length on the header line being read; then of the body
  std::int64_t elements_ = -1;
  std::uint32_t line_bytes_ = 0;  ///< of the line being read, sign included; stops counting at its limit
  std::int32_t depth_ = 0;
  char type_ = 0;
  char head_ = 0;  ///< type of the value being read; 0: a type byte comes next
  bool negative_ = false;
  bool carriage_ = false;  ///< the last byte was the '\r' of a line
  bool idle_ = true;
  bool bad_ = false;
  static constexpr int shallow = 16;  ///< levels that need no memory of their own
  Open open_[shallow];
  std::vector<Open> deeper_;  ///< the levels behind them
};

}  // namespace keyshift::resp
