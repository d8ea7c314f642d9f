#include <algorithm>

#include "call.hpp"

namespace keyshift::simulation {
namespace {

using Type = Value::Type;

void push(const Call& c, bool front) {
  Value* old = c.find(c.word(1));
  if (!c.fits(old, Type::list)) return;
  auto& list = c.make(c.word(1), Type::list).list;
  for (std::size_t i = 2; i < c.argv.size(); ++i) front ? list.push_front(c.word(i)) : list.push_back(c.word(i));
  c.number(static_cast<long long>(list.size()));
  c.wrote(c.word(1));
}
void lpush(const Call& c) { push(c, true); }
void rpush(const Call& c) { push(c, false); }

void lpop(const Call& c) {
  Value* value = c.find(c.word(1));
  if (!c.fits(value, Type::list)) return;
  if (value == nullptr) return c.bulk(nullptr);
  c.bulk(&value->list.front());
  value->list.pop_front();
  c.wrote(c.word(1));
}

void llen(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (c.fits(value, Type::list)) c.number(value == nullptr ? 0 : static_cast<long long>(value->list.size()));
}

void lrange(const Call& c) {
  const auto from = number_in(c.word(2)), to = number_in(c.word(3));
  if (!from || !to) return c.error("ERR value is not an integer or out of range");
  const Value* value = c.find(c.word(1));
  if (!c.fits(value, Type::list)) return;
  const auto size = value == nullptr ? 0 : static_cast<long long>(value->list.size());
  const long long begin = std::max<long long>(*from < 0 ? size + *from : *from, 0);
  const long long end = std::min<long long>(*to < 0 ? size + *to : *to, size - 1);
  c.array(begin > end ? 0 : static_cast<std::size_t>(end - begin + 1));
  for (long long i = begin; i <= end; ++i) c.bulk(&value->list[static_cast<std::size_t>(i)]);
}

void blpop(const Call& c) {
  const Bytes& text = c.argv.back();
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0') return c.error("ERR timeout is not a float or out of range");
  if (seconds < 0) return c.error("ERR timeout is negative");
  for (std::size_t i = 1; i + 1 < c.argv.size(); ++i) {
    Value* value = c.find(c.word(i));
    if (!c.fits(value, Type::list)) return;
    if (value == nullptr) continue;
    c.array(2);
    c.bulk(&c.word(i));
    c.bulk(&value->list.front());
    value->list.pop_front();
    return c.wrote(c.word(i));
  }
  if (c.in_exec()) return c.out.append("*-1\r\n"), void();
  c.park(seconds == 0 ? 0 : c.server.clock + static_cast<std::int64_t>(seconds * 1000));
}

void hset(const Call& c) {
  if (c.argv.size() % 2 != 0) return c.error("ERR wrong number of arguments for 'hset' command");
  Value* old = c.find(c.word(1));
  if (!c.fits(old, Type::hash)) return;
  auto& hash = c.make(c.word(1), Type::hash).hash;
  long long added = 0;
  for (std::size_t i = 2; i < c.argv.size(); i += 2)
    added += hash.insert_or_assign(c.word(i), c.word(i + 1)).second ? 1 : 0;
  c.wrote(c.word(1));
  c.number(added);
}

void hget(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (!c.fits(value, Type::hash)) return;
  const auto* hash = value == nullptr ? nullptr : &value->hash;
  const auto it = hash == nullptr ? std::map<Bytes, Bytes>::const_iterator() : hash->find(c.word(2));
  c.bulk(hash == nullptr || it == hash->end() ? nullptr : &it->second);
}

void hgetall(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (!c.fits(value, Type::hash)) return;
  c.array(value == nullptr ? 0 : 2 * value->hash.size());
  if (value == nullptr) return;
  for (const auto& [field, text] : value->hash) {
    c.bulk(&field);
    c.bulk(&text);
  }
}

void sadd(const Call& c) {
  Value* old = c.find(c.word(1));
  if (!c.fits(old, Type::set)) return;
  auto& set = c.make(c.word(1), Type::set).set;
  long long added = 0;
  for (std::size_t i = 2; i < c.argv.size(); ++i) added += set.insert(c.word(i)).second ? 1 : 0;
  if (added > 0) c.wrote(c.word(1));
  c.number(added);
}

void srem(const Call& c) {
  Value* value = c.find(c.word(1));
  if (!c.fits(value, Type::set)) return;
  long long removed = 0;
  for (std::size_t i = 2; value != nullptr && i < c.argv.size(); ++i)
    removed += value->set.erase(c.word(i)) == 0 ? 0 : 1;
  if (removed > 0) c.wrote(c.word(1));
  c.number(removed);
}

void scard(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (c.fits(value, Type::set)) c.number(value == nullptr ? 0 : static_cast<long long>(value->set.size()));
}

/// SMEMBERS, and SRANDMEMBER with a count: all of them, in order.
void members(const Call& c) {
  const Value* value = c.find(c.word(1));
  if (!c.fits(value, Type::set)) return;
  c.array(value == nullptr ? 0 : value->set.size());
  if (value == nullptr) return;
  for (const Bytes& member : value->set) c.bulk(&member);
}

constexpr Row kRows[] = {
    {"LPUSH", -3, true, lpush},
    {"RPUSH", -3, true, rpush},
    {"LPOP", 2, true, lpop},
    {"LLEN", 2, false, llen},
    {"LRANGE", 4, false, lrange},
    {"BLPOP", -3, true, blpop},
    {"HSET", -4, true, hset},
    {"HGET", 3, false, hget},
    {"HGETALL", 2, false, hgetall},
    {"SADD", -3, true, sadd},
    {"SREM", -3, true, srem},
    {"SCARD", 2, false, scard},
    {"SRANDMEMBER", -2, false, members},
    {"SMEMBERS", 2, false, members},
};

}  // namespace

std::span<const Row> collection_rows() { return kRows; }

}  // namespace keyshift::simulation
