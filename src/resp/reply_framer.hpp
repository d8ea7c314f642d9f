#pragma once
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace keyshift::resp {

/// Finds where one RESP2 or RESP3 reply ends, in any chunking, without keeping or copying bytes.
///
/// Feed it chunk after chunk: it takes what belongs to the current top-level reply and says when that is whole; the
/// caller passes on the bytes taken as they are. An attribute ('|') in front counts as part of its reply. One thread.
/// Streamed types ("$?", "*?", ";") and anything that is not RESP give `bad`, after which only reset() helps.
class ReplyFramer {
 public:
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
  static constexpr int max_depth = 32;
  Step line_done() noexcept;
  Step value_done() noexcept;
  Step bad() noexcept;

  std::uint64_t body_left_ = 0;
  std::int64_t elements_ = -1;
  std::int64_t left_[max_depth] = {};  ///< values still to come at each open aggregate; negative: attribute (its reply follows)
  int depth_ = 0;
  std::uint64_t number_ = 0;      ///< length on the header line being read
  std::uint32_t line_bytes_ = 0;
  char type_ = 0;
  char head_ = 0;                 ///< type of the value whose header line is being read
  bool negative_ = false;
  bool carriage_ = false;         ///< the last byte was '\r'
  bool digits_ = false;
  bool idle_ = true;
  bool bad_ = false;
};

}  // namespace keyshift::resp
