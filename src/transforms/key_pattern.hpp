#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace keyshift::transforms {

/// What a capture may hold. A capture takes at least one byte. docs/key-patterns.md says it for users.
enum class CaptureClass : std::uint8_t {
  until,    ///< no class: the bytes in front of the first occurrence of the literal that follows (none: to the end)
  integer,  ///< 0|-?[1-9][0-9]*
  hex,      ///< [0-9a-fA-F]+
  uuid,     ///< 8-4-4-4-12 hex digits
  word,     ///< [A-Za-z0-9_]+
  any,      ///< any bytes, also the literal that follows
  regex,    ///< /.../: a regular expression over bytes, anchored to the capture (regex.hpp)
};

/// One piece of a pattern: literal text, or a capture.
struct Piece {
  bool capture = false;
  Bytes literal;     ///< when not a capture; not empty, never beside another literal
  std::string name;  ///< when a capture
  CaptureClass kind = CaptureClass::until;
  std::string regex;  ///< between the slashes
};

/// A key pattern: literal text and captures `<name>` or `<name:class>`; "<<" is a literal '<'.
/// It says what one side of a rule looks like; which keys the side really has also depends on the other one
/// (rule_automata.hpp). Immutable after parsing; copies are cheap enough for set-up, not for the hot path (see
/// RuleSet).
class KeyPattern {
 public:
  static constexpr std::size_t max_size = 1024;
  static constexpr std::size_t max_captures = 16;

  /// Parses `text`. The error (file) says what is wrong and at which byte of the pattern, counted from 1.
  static Result<KeyPattern> parse(std::string_view text);

  [[nodiscard]] const std::vector<Piece>& pieces() const noexcept { return pieces_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// The capture of that name, or nullptr. It lives as long as the pattern.
  [[nodiscard]] const Piece* capture(std::string_view name) const noexcept;
  /// The literal behind piece `index`; empty when a capture or the end follows.
  [[nodiscard]] BytesView literal_after(std::size_t index) const noexcept;
  /// A glob (as KEYS and SCAN MATCH understand it) that every matching key fits; others may fit too.
  [[nodiscard]] std::string covering_glob() const;
  /// Steps that its regular expressions took to compile, for budgets.
  [[nodiscard]] std::size_t analysis_work() const noexcept { return work_; }

 private:
  std::string text_;
  std::vector<Piece> pieces_;
  std::size_t work_ = 0;
};

}  // namespace keyshift::transforms
