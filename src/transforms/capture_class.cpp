#include "transforms/capture_class.hpp"

#include <array>

#include "base/check.hpp"
#include "transforms/regex.hpp"

namespace keyshift::transforms {

namespace {

constexpr std::array kClasses{
    CaptureClassRow{CaptureClass::integer, "int", "0|-?[1-9][0-9]*",
                    "a decimal number as Redis writes it: no leading zeros, perhaps a minus in front"},
    CaptureClassRow{CaptureClass::hex, "hex", "[0-9a-fA-F]+", "hexadecimal digits, in either case"},
    CaptureClassRow{CaptureClass::uuid, "uuid",
                    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
                    "8-4-4-4-12 hexadecimal digits, in either case"},
    CaptureClassRow{CaptureClass::word, "word", "[A-Za-z0-9_]+", "letters and digits of ASCII, and the underscore"},
    CaptureClassRow{CaptureClass::any, "any", ".+", "any bytes, also those of the literal that follows"},
};

}  // namespace

std::span<const CaptureClassRow> capture_classes() noexcept { return kClasses; }

Dfa capture_dfa(const Piece& capture, BytesView stop) {
  if (capture.kind == CaptureClass::until) return until_dfa(stop);
  std::string_view regex = capture.regex;
  for (const CaptureClassRow& row : kClasses) {
    if (row.kind == capture.kind) regex = row.regex;
  }
  RegexRead read = compile_regex(regex);
  KS_CHECK(read.dfa.has_value(), "a parsed pattern holds regular expressions that compile");
  return std::move(*read.dfa);
}

}  // namespace keyshift::transforms
