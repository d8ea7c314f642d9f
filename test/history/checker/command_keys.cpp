#include <algorithm>

#include "command.hpp"

namespace keyshift::history {

namespace {

constexpr std::int64_t ms = 1'000'000;

Reply del(const Context& c) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < c.call.keys.size(); ++i) {
    count += c.value(i).exists() ? 1 : 0;
    c.value(i) = Value{};
  }
  return integer(count);
}

Reply exists(const Context& c) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < c.call.keys.size(); ++i) count += c.value(i).exists() ? 1 : 0;
  return integer(count);
}

Reply type(const Context& c) {
  constexpr const char* names[] = {"none", "string", "hash", "list", "set"};
  return status(names[static_cast<std::size_t>(c.value().type)]);
}

Reply pexpire(const Context& c) {
  if (!c.value().exists()) return integer(0);
  const auto milliseconds = number_in(c.word(2)).value_or(0);
  if (milliseconds <= 0)
    c.value() = Value{};
  else
    expire_in(c.value(), milliseconds, c.span);
  return integer(1);
}

Reply unexpire(const Context& c) {
  if (!c.value().exists() || !c.value().expires()) return integer(0);
  persist(c.value());
  return integer(1);
}

/// What is left narrows the deadline: it lies so far behind some moment of the command.
Reply pttl(const Context& c) {
  Value& value = c.value();
  if (!value.exists()) return integer(-2);
  if (!value.expires()) return integer(-1);
  const Reply* said = c.call.reply;
  if (!said) return integer((value.deadline_from - c.span.begin) / ms);
  if (said->kind != Reply::Kind::integer || said->number < 0) return {};
  const Instant left = said->number * ms;
  value.deadline_from = std::max(value.deadline_from, c.span.begin + left - c.span.tolerance);
  if (c.span.end != never) value.deadline_to = std::min(value.deadline_to, c.span.end + left + c.span.tolerance);
  return value.deadline_from <= value.deadline_to ? *said : Reply{};
}

Reply rename(const Context& c) {
  if (!c.value(0).exists()) return error("ERR");
  if (c.call.keys[0] == c.call.keys[1]) return ok();
  c.value(1) = c.value(0);
  c.value(0) = Value{};
  return ok();
}

Reply renamenx(const Context& c) {
  if (!c.value(0).exists()) return error("ERR");
  if (c.value(1).exists()) return integer(0);
  c.value(1) = c.value(0);
  c.value(0) = Value{};
  return integer(1);
}

Reply copy(const Context& c) {
  const bool replace = c.words() > 3 && is(c.word(3), "REPLACE");
  if (!c.value(0).exists() || (c.value(1).exists() && !replace)) return integer(0);
  c.value(1) = c.value(0);
  return integer(1);
}

constexpr Command rows[] = {
    {"DEL", 2, 1, -1, 1, NoEffect::on_zero, del},         {"UNLINK", 2, 1, -1, 1, NoEffect::on_zero, del},
    {"EXISTS", 2, 1, -1, 1, NoEffect::always, exists},    {"TOUCH", 2, 1, -1, 1, NoEffect::always, exists},
    {"TYPE", 2, 1, 1, 1, NoEffect::always, type},         {"PEXPIRE", 3, 1, 1, 1, NoEffect::on_zero, pexpire},
    {"PERSIST", 2, 1, 1, 1, NoEffect::on_zero, unexpire}, {"PTTL", 2, 1, 1, 1, NoEffect::always, pttl},
    {"RENAME", 3, 1, 2, 1, NoEffect::on_error, rename},   {"RENAMENX", 3, 1, 2, 1, NoEffect::on_zero, renamenx},
    {"COPY", 3, 1, 2, 1, NoEffect::on_zero, copy},
};

}  // namespace

std::span<const Command> key_commands() { return rows; }

}  // namespace keyshift::history
