#include "command.hpp"

namespace keyshift::history {

namespace {

using Type = Value::Type;

Reply get(const Context& c) {
  if (!usable(c.value(), Type::string)) return wrong_type();
  return c.value().exists() ? text(c.value().parts[0]) : Reply{};
}

void put(Value& value, const std::string& what) {
  value = Value{};
  value.type = Type::string;
  value.parts = {what};
}

/// SET with what stands behind the value.
struct SetOptions {
  bool nx = false, xx = false, get = false, keep = false;
  std::optional<std::int64_t> milliseconds;
};

SetOptions options_of(const Context& c) {
  SetOptions options;
  for (std::size_t i = 3; i < c.words(); ++i) {
    options.nx |= is(c.word(i), "NX");
    options.xx |= is(c.word(i), "XX");
    options.get |= is(c.word(i), "GET");
    options.keep |= is(c.word(i), "KEEPTTL");
    const bool seconds = is(c.word(i), "EX");
    if ((!seconds && !is(c.word(i), "PX")) || i + 1 == c.words()) continue;
    options.milliseconds = number_in(c.word(++i)).value_or(0) * (seconds ? 1000 : 1);
  }
  return options;
}

Reply set(const Context& c) {
  const SetOptions options = options_of(c);
  Value& value = c.value();
  const Value before = value;
  if (options.get && !usable(value, Type::string)) return wrong_type();
  const bool refused = (options.nx && before.exists()) || (options.xx && !before.exists());
  if (!refused) {
    put(value, c.word(2));
    if (options.keep && before.exists())
      value.deadline_from = before.deadline_from, value.deadline_to = before.deadline_to;
    if (options.milliseconds) expire_in(value, *options.milliseconds, c.span);
  }
  if (options.get) return before.exists() ? text(before.parts[0]) : Reply{};
  return refused ? Reply{} : ok();
}

Reply setnx(const Context& c) {
  if (c.value().exists()) return integer(0);
  put(c.value(), c.word(2));
  return integer(1);
}

Reply getset(const Context& c) {
  Reply before = get(c);
  if (!before.error()) put(c.value(), c.word(2));
  return before;
}

Reply getdel(const Context& c) {
  Reply before = get(c);
  if (!before.error()) c.value() = Value{};
  return before;
}

Reply add(const Context& c, std::int64_t by) {
  Value& value = c.value();
  if (!usable(value, Type::string)) return wrong_type();
  const auto number = value.exists() ? number_in(value.parts[0]) : std::optional<std::int64_t>(0);
  if (!number) return error("ERR");
  value.type = Type::string;
  value.parts = {std::to_string(*number + by)};
  return integer(*number + by);
}

Reply incr(const Context& c) { return add(c, 1); }
Reply decr(const Context& c) { return add(c, -1); }
Reply incrby(const Context& c) { return add(c, number_in(c.word(2)).value_or(0)); }

Reply append(const Context& c) {
  Value& value = c.value();
  if (!usable(value, Type::string)) return wrong_type();
  if (!value.exists()) put(value, "");
  value.parts[0] += c.word(2);
  return integer(static_cast<std::int64_t>(value.parts[0].size()));
}

Reply strlen(const Context& c) {
  if (!usable(c.value(), Type::string)) return wrong_type();
  return integer(c.value().exists() ? static_cast<std::int64_t>(c.value().parts[0].size()) : 0);
}

Reply mset(const Context& c) {
  for (std::size_t i = 0; i < c.call.keys.size(); ++i) put(c.value(i), c.word(2 + 2 * i));
  return ok();
}

Reply mget(const Context& c) {
  std::vector<Reply> values;
  for (std::size_t i = 0; i < c.call.keys.size(); ++i)
    values.push_back(c.value(i).type == Type::string ? text(c.value(i).parts[0]) : Reply{});
  return array(std::move(values));
}

constexpr Command rows[] = {
    {"GET", 2, 1, 1, 1, NoEffect::always, get},         {"SET", 3, 1, 1, 1, NoEffect::on_error, set},
    {"SETNX", 3, 1, 1, 1, NoEffect::on_zero, setnx},    {"GETSET", 3, 1, 1, 1, NoEffect::on_error, getset},
    {"GETDEL", 2, 1, 1, 1, NoEffect::on_null, getdel},  {"INCR", 2, 1, 1, 1, NoEffect::on_error, incr},
    {"DECR", 2, 1, 1, 1, NoEffect::on_error, decr},     {"INCRBY", 3, 1, 1, 1, NoEffect::on_error, incrby},
    {"APPEND", 3, 1, 1, 1, NoEffect::on_error, append}, {"STRLEN", 2, 1, 1, 1, NoEffect::always, strlen},
    {"MSET", 3, 1, -2, 2, NoEffect::on_error, mset},    {"MGET", 2, 1, -1, 1, NoEffect::always, mget},
};

}  // namespace

std::span<const Command> string_commands() { return rows; }

}  // namespace keyshift::history
