#include <algorithm>

#include "command.hpp"

namespace keyshift::history {

namespace {

using Type = Value::Type;

/// Ends the value when nothing is left in it, as Redis does.
void end_if_empty(Value& value) {
  if (value.parts.empty()) value = Value{};
}

std::int64_t size_of(const Value& value) { return static_cast<std::int64_t>(value.parts.size()); }

Reply all_parts(const Value& value) {
  std::vector<Reply> parts;
  for (const auto& part : value.parts) parts.push_back(text(part));
  return array(std::move(parts));
}

/// Where the field is, or where it would stand.
std::size_t field_at(const Value& value, const std::string& field) {
  std::size_t at = 0;
  while (at < value.parts.size() && value.parts[at] < field) at += 2;
  return at;
}

bool has_field(const Value& value, std::size_t at, const std::string& field) {
  return at < value.parts.size() && value.parts[at] == field;
}

Reply hset(const Context& c) {
  Value& value = c.value();
  if (!usable(value, Type::hash)) return wrong_type();
  value.type = Type::hash;
  std::int64_t added = 0;
  for (std::size_t i = 2; i + 1 < c.words(); i += 2) {
    const std::size_t at = field_at(value, c.word(i));
    const auto place = value.parts.begin() + static_cast<std::ptrdiff_t>(at);
    if (has_field(value, at, c.word(i))) {
      value.parts[at + 1] = c.word(i + 1);
    } else {
      value.parts.insert(place, {c.word(i), c.word(i + 1)});
      ++added;
    }
  }
  return integer(added);
}

Reply hget(const Context& c) {
  if (!usable(c.value(), Type::hash)) return wrong_type();
  const std::size_t at = field_at(c.value(), c.word(2));
  return has_field(c.value(), at, c.word(2)) ? text(c.value().parts[at + 1]) : Reply{};
}

Reply hdel(const Context& c) {
  Value& value = c.value();
  if (!usable(value, Type::hash)) return wrong_type();
  std::int64_t gone = 0;
  for (std::size_t i = 2; i < c.words(); ++i) {
    const std::size_t at = field_at(value, c.word(i));
    if (!has_field(value, at, c.word(i))) continue;
    const auto place = value.parts.begin() + static_cast<std::ptrdiff_t>(at);
    value.parts.erase(place, place + 2);
    ++gone;
  }
  end_if_empty(value);
  return integer(gone);
}

Reply hgetall(const Context& c) { return usable(c.value(), Type::hash) ? all_parts(c.value()) : wrong_type(); }
Reply hlen(const Context& c) { return usable(c.value(), Type::hash) ? integer(size_of(c.value()) / 2) : wrong_type(); }

Reply push(const Context& c, bool front) {
  Value& value = c.value();
  if (!usable(value, Type::list)) return wrong_type();
  value.type = Type::list;
  for (std::size_t i = 2; i < c.words(); ++i)
    value.parts.insert(front ? value.parts.begin() : value.parts.end(), c.word(i));
  return integer(size_of(value));
}

Reply pop(const Context& c, bool front) {
  Value& value = c.value();
  if (!usable(value, Type::list)) return wrong_type();
  if (!value.exists()) return {};
  const auto place = front ? value.parts.begin() : value.parts.end() - 1;
  Reply popped = text(*place);
  value.parts.erase(place);
  end_if_empty(value);
  return popped;
}

Reply rpush(const Context& c) { return push(c, false); }
Reply lpush(const Context& c) { return push(c, true); }
Reply rpop(const Context& c) { return pop(c, false); }
Reply lpop(const Context& c) { return pop(c, true); }
Reply llen(const Context& c) { return usable(c.value(), Type::list) ? integer(size_of(c.value())) : wrong_type(); }

Reply lrange(const Context& c) {
  if (!usable(c.value(), Type::list)) return wrong_type();
  const std::int64_t size = size_of(c.value());
  const auto from_end = [size](std::int64_t index) {
    return index < 0 ? std::max<std::int64_t>(0, size + index) : index;
  };
  const std::int64_t first = from_end(number_in(c.word(2)).value_or(0));
  const std::int64_t last = number_in(c.word(3)).value_or(0) + (c.word(3)[0] == '-' ? size : 0);
  std::vector<Reply> parts;
  for (std::int64_t i = first; i <= std::min(last, size - 1); ++i)
    parts.push_back(text(c.value().parts[static_cast<std::size_t>(i)]));
  return array(std::move(parts));
}

Reply sadd(const Context& c) {
  Value& value = c.value();
  if (!usable(value, Type::set)) return wrong_type();
  value.type = Type::set;
  const std::int64_t before = size_of(value);
  for (std::size_t i = 2; i < c.words(); ++i) {
    const auto place = std::lower_bound(value.parts.begin(), value.parts.end(), c.word(i));
    if (place == value.parts.end() || *place != c.word(i)) value.parts.insert(place, c.word(i));
  }
  return integer(size_of(value) - before);
}

Reply srem(const Context& c) {
  Value& value = c.value();
  if (!usable(value, Type::set)) return wrong_type();
  const std::int64_t before = size_of(value);
  for (std::size_t i = 2; i < c.words(); ++i) std::erase(value.parts, c.word(i));
  const std::int64_t gone = before - size_of(value);
  end_if_empty(value);
  return integer(gone);
}

Reply sismember(const Context& c) {
  if (!usable(c.value(), Type::set)) return wrong_type();
  return integer(std::binary_search(c.value().parts.begin(), c.value().parts.end(), c.word(2)) ? 1 : 0);
}

Reply smembers(const Context& c) { return usable(c.value(), Type::set) ? all_parts(c.value()) : wrong_type(); }
Reply scard(const Context& c) { return usable(c.value(), Type::set) ? integer(size_of(c.value())) : wrong_type(); }

constexpr Command rows[] = {
    {"HSET", 4, 1, 1, 1, NoEffect::on_error, hset},
    {"HGET", 3, 1, 1, 1, NoEffect::always, hget},
    {"HDEL", 3, 1, 1, 1, NoEffect::on_zero, hdel},
    {"HGETALL", 2, 1, 1, 1, NoEffect::always, hgetall, false, true},
    {"HLEN", 2, 1, 1, 1, NoEffect::always, hlen},
    {"RPUSH", 3, 1, 1, 1, NoEffect::on_error, rpush},
    {"LPUSH", 3, 1, 1, 1, NoEffect::on_error, lpush},
    {"RPOP", 2, 1, 1, 1, NoEffect::on_null, rpop},
    {"LPOP", 2, 1, 1, 1, NoEffect::on_null, lpop},
    {"LLEN", 2, 1, 1, 1, NoEffect::always, llen},
    {"LRANGE", 4, 1, 1, 1, NoEffect::always, lrange},
    {"SADD", 3, 1, 1, 1, NoEffect::on_zero, sadd},
    {"SREM", 3, 1, 1, 1, NoEffect::on_zero, srem},
    {"SISMEMBER", 3, 1, 1, 1, NoEffect::always, sismember},
    {"SMEMBERS", 2, 1, 1, 1, NoEffect::always, smembers, true},
    {"SCARD", 2, 1, 1, 1, NoEffect::always, scard},
};

}  // namespace

std::span<const Command> collection_commands() { return rows; }

}  // namespace keyshift::history
