#include <charconv>
#include <limits>

#include "call.hpp"

namespace keyshift::simulation {

std::optional<long long> number_in(const Bytes& text) {
  long long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool canonical = text == "0" || (!text.empty() && text != "-0" && text[text[0] == '-' ? 1 : 0] != '0');
  if (error != std::errc() || end != text.data() + text.size() || !canonical) return std::nullopt;
  return out;
}

namespace {

using Type = Value::Type;
constexpr BytesView kNotInteger = "ERR value is not an integer or out of range";

void get(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (c.fits(value, Type::string)) c.bulk(value == nullptr ? nullptr : &value->text);
}

void get_and_delete(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (!c.fits(value, Type::string)) return;
  c.bulk(value == nullptr ? nullptr : &value->text);
  c.remove(c.word(1));
}

struct SetOptions {
  bool nx = false, xx = false, get = false, keep = false, syntax = false;
  std::optional<std::int64_t> expires;
};

/// False: answered by an error.
bool read_deadline(const Call& c, const Bytes& option, const Bytes& text, SetOptions& out) {
  const auto n = number_in(text);
  if (!n) return c.error(kNotInteger), false;
  if (*n <= 0) return c.error("ERR invalid expire time in 'set' command"), false;
  const long long ms = option[0] == 'E' ? *n * 1000 : *n;
  out.expires = option.size() > 2 ? ms : c.server.clock + ms;
  return true;
}

bool read_options(const Call& c, SetOptions& out) {
  const Bytes* deadline = nullptr;
  Bytes unit;
  for (std::size_t i = 3; i < c.argv.size(); ++i) {
    const Bytes option = upper(c.word(i));
    const bool more = i + 1 < c.argv.size();
    if (option == "NX" && !out.xx) {
      out.nx = true;
    } else if (option == "XX" && !out.nx) {
      out.xx = true;
    } else if (option == "GET") {
      out.get = true;
    } else if (option == "KEEPTTL" && deadline == nullptr) {
      out.keep = true;
    } else if ((option == "EX" || option == "PX" || option == "EXAT" || option == "PXAT") && more && !out.keep &&
               deadline == nullptr) {
      unit = option;
      deadline = &c.word(++i);
    } else {
      return c.error("ERR syntax error"), false;
    }
  }
  return deadline == nullptr || read_deadline(c, unit, *deadline, out);
}

void set(const Call& c) {
  SetOptions options;
  if (!read_options(c, options)) return;
  const Bytes& key = c.word(1);
  Value* old = c.find(key);
  if (options.get && !c.fits(old, Type::string)) return;
  const bool writes = !(options.nx && old != nullptr) && !(options.xx && old == nullptr);
  if (options.get)
    c.bulk(old == nullptr ? nullptr : &old->text);
  else if (writes)
    c.ok();
  else
    c.out += "$-1\r\n";
  if (!writes) return;
  Value value(c.word(2));
  value.expires = options.keep && old != nullptr ? old->expires : Value::never;
  if (options.expires) value.expires = *options.expires;
  c.server.databases[c.link.database][key] = std::move(value);
  c.wrote(key);
}

void append(const Call& c) {
  Value* old = c.find(c.word(1));
  if (!c.fits(old, Type::string)) return;
  Value& value = c.make(c.word(1), Type::string);
  value.text += c.word(2);
  c.wrote(c.word(1));
  c.number(static_cast<long long>(value.text.size()));
}

void strlen(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (c.fits(value, Type::string)) c.number(value == nullptr ? 0 : static_cast<long long>(value->text.size()));
}

void increment(const Call& c) {
  Value* old = c.find(c.word(1));
  if (!c.fits(old, Type::string)) return;
  const auto n = old == nullptr ? std::optional<long long>(0) : number_in(old->text);
  if (!n) return c.error(kNotInteger);
  if (*n == std::numeric_limits<long long>::max()) return c.error("ERR increment or decrement would overflow");
  c.make(c.word(1), Type::string).text = std::to_string(*n + 1);
  c.wrote(c.word(1));
  c.number(*n + 1);
}

void mget(const Call& c) {
  c.array(c.argv.size() - 1);
  for (std::size_t i = 1; i < c.argv.size(); ++i) {
    const Value* value = c.find(c.word(i));
    c.bulk(value == nullptr || value->type != Type::string ? nullptr : &value->text);
  }
}

void mset(const Call& c) {
  if (c.argv.size() % 2 == 0) return c.error("ERR wrong number of arguments for 'mset' command");
  for (std::size_t i = 1; i < c.argv.size(); i += 2) {
    c.server.databases[c.link.database][c.word(i)] = Value(c.word(i + 1));
    c.wrote(c.word(i));
  }
  c.ok();
}

constexpr Row kRows[] = {
    {"GET", 2, false, get},       {"GETDEL", 2, true, get_and_delete},
    {"SET", -3, true, set},       {"APPEND", 3, true, append},
    {"STRLEN", 2, false, strlen}, {"INCR", 2, true, increment},
    {"MGET", -2, false, mget},    {"MSET", -3, true, mset},
};

}  // namespace

std::span<const Row> string_rows() { return kRows; }

}  // namespace keyshift::simulation
