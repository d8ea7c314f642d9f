#include "base/errors.hpp"

#include <array>

namespace keyshift {
namespace {
constexpr std::array rows{
#define X(name, word, label, severity, remedy) \
  ErrorRow{ErrorCode::name, #name, word, label, Severity::severity, remedy},
    KEYSHIFT_ERRORS(X)
#undef X
};
}  // namespace

const ErrorRow& error_row(ErrorCode code) noexcept { return rows[static_cast<std::size_t>(code)]; }

std::string to_reply(const Error& error) {
  const ErrorRow& row = error_row(error.code);
  std::string out = "-";
  out += row.word.empty() ? std::string_view("ERR") : row.word;
  out += ' ';
  for (const char c : error.what) out += (c == '\r' || c == '\n') ? ' ' : c;
  out += "\r\n";
  return out;
}

}  // namespace keyshift
