#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::resp {

/// The limits of redis-server for requests (networking.c): the same numbers, so that a client meets the same errors.
struct RequestLimits {
  std::size_t inline_bytes = 64 * 1024;  ///< PROTO_INLINE_MAX_SIZE: an inline request, or a length line of a multi-bulk
  std::int64_t arguments =
      std::numeric_limits<std::int32_t>::max();   ///< multibulk length (1024 * 1024 before Redis 7.0)
  std::int64_t bulk_bytes = 512LL * 1024 * 1024;  ///< proto-max-bulk-len
  bool unauthenticated = false;                   ///< Redis then takes at most 10 arguments of at most 16384 bytes
  std::size_t stream_above = 64 * 1024;           ///< a longer argument is announced as Step::big instead of waited for
};

/// Reads one RESP request after another (multi-bulk and inline) out of a buffer that the caller owns.
///
/// Resumable and without copies: the caller passes the unread bytes, beginning at the first byte of the request that is
/// being read; a call that ends with `more` remembers how far it came, and the next call passes the same bytes again,
/// perhaps at another address, with more behind them. Nothing is parsed twice. One thread.
/// Like Redis it looks neither at the byte behind a CR that ends a length nor at the two bytes behind a body, and a NUL
/// hides the end of its line. Where Redis' answer hangs on how the bytes arrived (a line longer than `inline_bytes`
/// whose end came with it), this parser always gives the error.
/// Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/ ; exact errors: redis 7.0 src/networking.c.
class RequestParser {
 public:
  enum class Step : std::uint8_t {
    more,     ///< not whole yet; pass more bytes
    request,  ///< `argv()` and `consumed()` are valid for the buffer of this call
    empty,    ///< an empty line or "*0": `consumed()` bytes are skipped, nothing is answered
    big,    ///< all arguments before a big one are in `argv()`, see `big()`; the caller streams or keeps passing bytes
    error,  ///< `error()` is the reply line that Redis gives; the connection ends after it
  };

  /// A request one of whose arguments is announced longer than `stream_above` and not in the buffer yet.
  struct Big {
    std::size_t arguments = 0;    ///< how many the request announces
    std::size_t index = 0;        ///< position of the big one; argv() holds those before it (see streamed())
    std::size_t body_bytes = 0;   ///< announced length of it
    std::size_t body_offset = 0;  ///< where its body begins, from the first byte passed
  };

  explicit RequestParser(RequestLimits limits = {}) : limits_(limits) {}

  /// `unread` begins at the first byte of the current request (or, after streamed(), at the byte behind the body).
  /// After `error` it gives `error` again until reset().
  Step parse(BytesView unread);

  /// After `big`: forget the wish to stream, and return `more` until the request is whole. Passing on bytes without a
  /// call of this means the same: `big` is said once for a request.
  void buffer_big() noexcept { stream_ = false; }

  /// After `big`: the caller has taken all bytes before `body_offset` and carries the body and its CRLF (body_bytes + 2
  /// bytes) itself; the next parse() gets what follows. argv() then holds the arguments behind the big one alone (none
  /// when it was the last: `request` with consumed() 0), and another big one is announced again, `index` counting
  /// from the start of the request.
  void streamed() noexcept;

  /// After `request` or `big`: views into the buffer of that call (inline arguments with quotes: into the parser),
  /// valid until the caller moves or drops it or calls parse() again.
  [[nodiscard]] std::span<const BytesView> argv() const noexcept { return argv_; }
  /// After `request` or `empty`: bytes of this request; the next one begins behind them.
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }
  /// After `request`: false for an inline request, whose raw bytes must be re-encoded before they go upstream.
  [[nodiscard]] bool multibulk() const noexcept { return multibulk_; }
  [[nodiscard]] const Big& big() const noexcept { return big_; }
  /// After `error`: "-ERR Protocol error: ...\r\n", a literal or text inside the parser.
  [[nodiscard]] BytesView error() const noexcept { return error_; }
  /// After `more`: how many bytes at least are missing, when known (0: unknown). For sizing the next read.
  [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }
  /// True between requests: nothing of a request has been seen yet.
  [[nodiscard]] bool idle() const noexcept { return fresh_; }

  RequestLimits& limits() noexcept { return limits_; }
  /// Forgets a half-read request (a new connection takes the parser over).
  void reset() noexcept;

 private:
  struct Span {
    std::size_t offset;
    std::size_t size;
  };
  enum class Line : std::uint8_t { whole, more, too_long };

  void begin(char first);
  Step parse_inline(BytesView unread);
  Step parse_count(BytesView unread);
  Step parse_count_slowly(BytesView unread);
  Step count_known(std::int64_t count) noexcept;
  Step parse_bulks(BytesView unread);
  Step parse_bulk_length(BytesView unread);
  Step parse_bulk_length_slowly(BytesView unread);
  Step length_known(std::int64_t length) noexcept;
  bool split(BytesView line);
  Line find_line_end(BytesView unread, char end) noexcept;
  Step announce(BytesView unread);
  Step wait_for_body(BytesView unread);
  Step suspend(BytesView unread);
  Step finish(BytesView unread, Step step) noexcept;
  Step wrong(BytesView line) noexcept;
  void keep_arguments(BytesView unread);
  void restore_arguments(BytesView unread);

  RequestLimits limits_;
  std::vector<BytesView> argv_;  ///< those found in this call; all of them when a step hands them out
  std::vector<Span> spans_;      ///< those found in earlier calls, from the first byte passed
  Bytes text_;  ///< bodies of inline arguments with quotes (reserved first, so views stay valid); or the error
  std::size_t position_ = 0;         ///< start of the line or body that is being read
  std::size_t scanned_ = 0;          ///< bytes of the line at `position_` known not to end it
  std::int64_t arguments_ = -1;      ///< announced; -1: not known yet
  std::int64_t arguments_left_ = 0;  ///< not read yet
  std::int64_t bulk_length_ = -1;    ///< of the body at `position_`; -1: its length line comes next
  std::size_t consumed_ = 0;
  std::size_t wanted_ = 0;
  Big big_;
  bool fresh_ = true;
  bool multibulk_ = false;
  bool stream_ = true;
  bool hidden_ = false;  ///< a NUL stands in the line: Redis searches with strchr and never finds the line's end
  BytesView error_;
};

}  // namespace keyshift::resp
