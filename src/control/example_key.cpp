#include "control/example_key.hpp"

namespace keyshift::control {
namespace {

using transforms::CaptureClass;

Bytes text_of(CaptureClass kind, BytesView otherwise) {
  switch (kind) {
    case CaptureClass::integer:
      return "1";
    case CaptureClass::uuid:
      return "00000000-0000-4000-8000-000000000000";
    case CaptureClass::hex:
    case CaptureClass::word:
    case CaptureClass::any:
    case CaptureClass::until:
    case CaptureClass::regex:
      return Bytes(otherwise);
  }
  return Bytes(otherwise);
}

}  // namespace

std::optional<ExampleKeys> example_keys(const transforms::RuleSet& rules, std::size_t rule) {
  for (const BytesView otherwise : {"a", "1", "aa", "a1", "A"}) {
    ExampleKeys out;
    for (const transforms::Piece& piece : rules.rules()[rule].from.pieces())
      out.from += piece.capture ? text_of(piece.kind, otherwise) : piece.literal;
    const transforms::Match match = rules.match(out.from);
    if (match.rule != static_cast<std::int32_t>(rule) || match.side != transforms::Side::from) continue;
    rules.other_name(match, out.from, out.to);
    return out;
  }
  return std::nullopt;
}

}  // namespace keyshift::control
