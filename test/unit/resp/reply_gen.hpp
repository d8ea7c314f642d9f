#pragma once
#include <rapidcheck.h>

#include <string>
#include <utility>
#include <vector>

#include "resp/reply.hpp"

namespace keyshift::resp::test {

/// Which replies to make: those that hiredis can read, or also blob errors and attributes.
enum class Kinds : std::uint8_t { hiredis, all };

inline rc::Gen<Bytes> line_text() {
  return rc::gen::container<Bytes>(
      rc::gen::suchThat(rc::gen::arbitrary<char>(), [](char c) { return c != '\r' && c != '\n'; }));
}

inline Reply made(char type, Bytes text) {
  Reply reply;
  reply.type = type;
  reply.text = std::move(text);
  return reply;
}

inline Reply verbatim(Bytes text) {
  Reply reply = made('=', std::move(text));
  BytesView("txt").copy(reply.format, 3);
  return reply;
}

inline Reply boolean(bool value) {
  Reply reply = made('#', {});
  reply.integer = value ? 1 : 0;
  return reply;
}

inline Reply null_in_form(char form) {
  Reply reply;
  reply.null_form = form;
  return reply;
}

inline rc::Gen<Reply> scalar(Kinds kinds) {
  using rc::gen::map;
  const auto text = rc::gen::arbitrary<Bytes>();
  const auto bulk_type = kinds == Kinds::all ? rc::gen::element('$', '!') : rc::gen::just('$');
  return rc::gen::oneOf(
      map(rc::gen::pair(bulk_type, text), [](std::pair<char, Bytes> p) { return made(p.first, std::move(p.second)); }),
      map(rc::gen::pair(rc::gen::element('+', '-'), line_text()),
          [](std::pair<char, Bytes> p) { return made(p.first, std::move(p.second)); }),
      map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t value) { return integer(value); }),
      map(rc::gen::arbitrary<bool>(), boolean), map(text, verbatim), map(rc::gen::element('$', '*', '_'), null_in_form),
      map(rc::gen::elementOf(std::vector<Bytes>{"0", "-1.5", "3.0e10", "1e-7", "inf", "-inf", "nan"}),
          [](Bytes number) { return made(',', std::move(number)); }),
      map(rc::gen::arbitrary<std::int64_t>(),
          [](std::int64_t value) { return made('(', std::to_string(value) + "0000000000"); }));
}

/// A reply at most `depth` levels deep. `outermost` ones may be pushes.
inline rc::Gen<Reply> reply(Kinds kinds, int depth = 3, bool outermost = true) {
  if (depth == 0) return scalar(kinds);
  Bytes types = "*~%";
  if (outermost) types += '>';
  if (kinds == Kinds::all) types += '|';
  const auto inner = reply(kinds, depth - 1, false);
  const auto elements = rc::gen::scale(0.1, rc::gen::container<std::vector<Reply>>(inner));
  const auto aggregate = rc::gen::map(rc::gen::tuple(rc::gen::elementOf(types), elements, inner),
                                      [](std::tuple<char, std::vector<Reply>, Reply> parts) {
                                        auto& [type, values, last] = parts;
                                        if ((type == '%' || type == '|') && values.size() % 2 != 0) values.pop_back();
                                        if (type == '|') values.push_back(std::move(last));
                                        Reply out = array(std::move(values));
                                        out.type = type;
                                        return out;
                                      });
  return rc::gen::weightedOneOf<Reply>({{2, scalar(kinds)}, {1, aggregate}});
}

}  // namespace keyshift::resp::test
