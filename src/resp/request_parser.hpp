#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::resp {

/// The limits of redis-server for requests (networking.c): the same numbers, so that a client meets the same errors.
struct RequestLimits {
  std::size_t inline_bytes = 64 * 1024;             ///< PROTO_INLINE_MAX_SIZE
  std::int64_t arguments = 1024 * 1024;             ///< multibulk length before and after AUTH (INT_MAX after it in Redis; see `unauthenticated`)
  std::int64_t bulk_bytes = 512LL * 1024 * 1024;    ///< proto-max-bulk-len
  bool unauthenticated = false;                     ///< Redis then takes at most 10 arguments of at most 16384 bytes
  std::size_t stream_above = 64 * 1024;             ///< an argument longer than this is announced as Step::big instead of waited for
};

/// Reads one RESP request after another (multi-bulk and inline) out of a buffer that the caller owns.
///
/// Resumable and without copies: the caller passes the unread bytes, beginning at the first byte of the request that is
/// being read; a call that ends with `more` remembers how far it came, and the next call passes the same bytes again,
/// perhaps at another address, with more behind them. Nothing is parsed twice. One thread.
/// Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/ ; exact errors: redis 7.0 src/networking.c.
class RequestParser {
 public:
  enum class Step : std::uint8_t {
    more,     ///< not whole yet; pass more bytes
    request,  ///< `argv()` and `consumed()` are valid for the buffer of this call
    empty,    ///< an empty line or "*0": `consumed()` bytes are skipped, nothing is answered
    big,      ///< all arguments before a big one are in `argv()`, see `big()`; the caller streams or keeps passing bytes
    error,    ///< `error()` is the reply line that Redis gives; the connection ends after it
  };

  /// A request one of whose arguments is announced longer than `stream_above` and not in the buffer yet.
  struct Big {
    std::size_t arguments = 0;    ///< how many the request announces
    std::size_t index = 0;        ///< position of the big one; argv() holds those before it
    std::size_t body_bytes = 0;   ///< announced length of it
    std::size_t body_offset = 0;  ///< where its body begins, from the first byte of the request
  };

  explicit RequestParser(RequestLimits limits = {}) : limits_(limits) {}

  /// `unread` begins at the first byte of the current request.
  Step parse(BytesView unread);

  /// After `big`: forget the wish to stream, and return `more` until the request is whole.
  void buffer_big() noexcept;

  /// After `request` or `big`: views into the buffer of that call, valid until the caller moves or drops it.
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

  RequestLimits& limits() noexcept { return limits_; }
  /// Forgets a half-read request (a new connection takes the parser over).
  void reset() noexcept;

 private:
  struct Span {
    std::size_t offset;
    std::size_t size;
  };
  RequestLimits limits_;
  std::vector<Span> spans_;       ///< arguments found so far, from the first byte of the request
  std::vector<BytesView> argv_;
  std::vector<Bytes> unquoted_;   ///< inline arguments with escapes
  std::size_t position_ = 0;      ///< next byte to look at
  std::int64_t arguments_left_ = -1;
  std::int64_t bulk_length_ = -1;
  std::size_t consumed_ = 0;
  std::size_t wanted_ = 0;
  std::size_t announced_ = 0;
  Big big_;
  bool multibulk_ = false;
  bool stream_ = true;
  BytesView error_;
  Bytes error_text_;
};

}  // namespace keyshift::resp
