#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace keyshift::history {

/// What a client was answered, without the protocol's shades: a null is a null however it came.
/// Independent of src/resp on purpose: the judge shares nothing with the judged.
struct Reply {
  enum class Kind : std::uint8_t { null, integer, text, status, error, array };
  Kind kind = Kind::null;
  std::int64_t number = 0;      ///< integer
  std::string text;             ///< text and status; of an error its first word
  std::vector<Reply> elements;  ///< array
  bool operator==(const Reply&) const = default;

  [[nodiscard]] bool null() const noexcept { return kind == Kind::null; }
  [[nodiscard]] bool zero() const noexcept { return kind == Kind::integer && number == 0; }
  [[nodiscard]] bool error() const noexcept { return kind == Kind::error; }
};

inline Reply integer(std::int64_t value) { return {Reply::Kind::integer, value, {}, {}}; }
inline Reply text(std::string value) { return {Reply::Kind::text, 0, std::move(value), {}}; }
inline Reply status(std::string value) { return {Reply::Kind::status, 0, std::move(value), {}}; }
inline Reply ok() { return status("OK"); }
/// `word` is the first word of the error: its wording may differ between servers.
inline Reply error(std::string word) { return {Reply::Kind::error, 0, std::move(word), {}}; }
inline Reply array(std::vector<Reply> elements) { return {Reply::Kind::array, 0, {}, std::move(elements)}; }

/// For people, in one line: (nil), 7, "text", OK, !WRONGTYPE, [a b].
std::string show(const Reply& reply);

}  // namespace keyshift::history
