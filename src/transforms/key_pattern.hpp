#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace keyshift::transforms {

/// What a capture may hold. A capture takes at least one byte.
enum class CaptureClass : std::uint8_t {
  until,   ///< no class: any bytes up to the literal that follows (to the end when none follows)
  integer, ///< [0-9]+ , canonical: no leading zero but "0" itself; an optional '-' in front
  hex,     ///< [0-9a-fA-F]+
  uuid,    ///< 8-4-4-4-12 hex digits
  word,    ///< [A-Za-z0-9_]+
  any,     ///< any bytes, also the literal that follows; leftmost-longest
  regex,   ///< /.../: RE over bytes, anchored to the capture
};

/// One piece of a pattern: literal text, or a capture.
struct Piece {
  bool capture = false;
  Bytes literal;              ///< when not a capture
  std::string name;           ///< when a capture
  CaptureClass kind = CaptureClass::until;
  std::string regex;          ///< between the slashes
};

/// A key pattern: literal text and captures `<name>` or `<name:class>`; "<<" is a literal '<'.
/// Immutable after parsing; copies are cheap enough for set-up, not for the hot path (see RuleSet).
class KeyPattern {
 public:
  /// Parses `text`. The error says what is wrong and at which byte of the pattern.
  static Result<KeyPattern> parse(std::string_view text);

  [[nodiscard]] const std::vector<Piece>& pieces() const noexcept { return pieces_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// A glob (as KEYS and SCAN MATCH understand it) that every matching key fits; others may fit too.
  [[nodiscard]] std::string covering_glob() const;

 private:
  std::string text_;
  std::vector<Piece> pieces_;
};

}  // namespace keyshift::transforms
