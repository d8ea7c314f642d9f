#include <fnmatch.h>

#include <algorithm>

#include "call.hpp"

namespace keyshift::simulation {
namespace {

constexpr BytesView kNotInteger = "ERR value is not an integer or out of range";

void del(const Call& c) {
  long long count = 0;
  for (std::size_t i = 1; i < c.argv.size(); ++i) count += c.remove(c.word(i)) ? 1 : 0;
  c.number(count);
}

void exists(const Call& c) {
  long long count = 0;
  for (std::size_t i = 1; i < c.argv.size(); ++i) count += c.find(c.word(i)) != nullptr ? 1 : 0;
  c.number(count);
}

void move(const Call& c, bool only_if_free) {
  const Bytes &from = c.word(1), &to = c.word(2);
  Value* old = c.find(from);
  if (old == nullptr) return c.error("ERR no such key");
  const bool there = c.find(to) != nullptr;
  if (only_if_free && (there || from == to)) return c.number(0);
  if (from != to) {
    auto& keys = c.server.databases[c.link.database];
    Value value = std::move(*old);
    keys.erase(from);
    c.wrote(from);
    keys[to] = std::move(value);
    c.wrote(to);
  }
  only_if_free ? c.number(1) : c.ok();
}
void rename(const Call& c) { move(c, false); }
void renamenx(const Call& c) { move(c, true); }

void type(const Call& c) {
  static constexpr const char* names[] = {"+string\r\n", "+list\r\n", "+hash\r\n", "+set\r\n"};
  const Value* value = c.find(c.word(1));
  c.out += value == nullptr ? "+none\r\n" : names[static_cast<std::size_t>(value->type)];
}

void expire_at(const Call& c, std::int64_t unit, std::int64_t base) {
  const auto n = number_in(c.word(2));
  if (!n) return c.error(kNotInteger);
  Value* value = c.find(c.word(1));
  if (value == nullptr) return c.number(0);
  const std::int64_t at = base + *n * unit;
  if (at <= c.server.clock) {
    c.remove(c.word(1));
  } else {
    value->expires = at;
    c.wrote(c.word(1));
  }
  c.number(1);
}
void pexpire(const Call& c) { expire_at(c, 1, c.server.clock); }
void expire(const Call& c) { expire_at(c, 1000, c.server.clock); }
void pexpireat(const Call& c) { expire_at(c, 1, 0); }

void persist(const Call& c) {
  Value* value = c.find(c.word(1));
  const bool had = value != nullptr && value->expires != Value::never;
  if (had) {
    value->expires = Value::never;
    c.wrote(c.word(1));
  }
  c.number(had ? 1 : 0);
}

void deadline(const Call& c, std::int64_t base, std::int64_t unit) {
  const Value* value = c.find(c.word(1));
  if (value == nullptr) return c.number(-2);
  if (value->expires == Value::never) return c.number(-1);
  c.number((value->expires - base + unit / 2) / unit);
}
void pttl(const Call& c) { deadline(c, c.server.clock, 1); }
void ttl(const Call& c) { deadline(c, c.server.clock, 1000); }
void pexpiretime(const Call& c) { deadline(c, 0, 1); }

bool matches(const Bytes& pattern, const Bytes& key) { return fnmatch(pattern.c_str(), key.c_str(), 0) == 0; }

/// Those of keys that have not expired, in order.
std::vector<Bytes> names(const Call& c, const Bytes& pattern) {
  std::vector<Bytes> out;
  for (const auto& [key, value] : c.server.databases[c.link.database]) {
    const bool gone = value.expires != Value::never && value.expires <= c.server.clock;
    if (!gone && matches(pattern, key)) out.push_back(key);
  }
  return out;
}

void keys(const Call& c) {
  const auto found = names(c, c.word(1));
  c.array(found.size());
  for (const Bytes& key : found) c.bulk(&key);
}

/// By a hash of the name into 64 buckets, which the cursor counts: what stays is met. The rest in one page when it
/// fits.
void scan(const Call& c) {
  Bytes pattern = "*";
  std::size_t count = 10;
  for (std::size_t i = 2; i + 1 < c.argv.size(); i += 2) {
    if (upper(c.word(i)) == "MATCH") pattern = c.word(i + 1);
    if (upper(c.word(i)) == "COUNT") count = static_cast<std::size_t>(number_in(c.word(i + 1)).value_or(10));
  }
  constexpr std::size_t kBuckets = 64;
  const auto at = static_cast<std::size_t>(number_in(c.word(1)).value_or(0));
  const auto all = names(c, "*");
  const std::size_t end = all.size() <= count ? kBuckets : std::min(kBuckets, at + std::max<std::size_t>(count / 4, 1));
  std::vector<Bytes> page;
  for (const Bytes& key : all) {
    const std::size_t bucket = std::hash<Bytes>()(key) % kBuckets;
    if (bucket >= at && bucket < end && matches(pattern, key)) page.push_back(key);
  }
  const Bytes next = std::to_string(end == kBuckets ? 0 : end);
  c.array(2);
  c.bulk(&next);
  c.array(page.size());
  for (const Bytes& key : page) c.bulk(&key);
}

void dbsize(const Call& c) { c.number(static_cast<long long>(c.server.databases[c.link.database].size())); }

constexpr Row kRows[] = {
    {"DEL", -2, true, del},
    {"UNLINK", -2, true, del},
    {"EXISTS", -2, false, exists},
    {"RENAME", 3, true, rename},
    {"RENAMENX", 3, true, renamenx},
    {"TYPE", 2, false, type},
    {"PEXPIRE", -3, true, pexpire},
    {"EXPIRE", -3, true, expire},
    {"PEXPIREAT", -3, true, pexpireat},
    {"PERSIST", 2, true, persist},
    {"PTTL", 2, false, pttl},
    {"TTL", 2, false, ttl},
    {"KEYS", 2, false, keys},
    {"SCAN", -2, false, scan},
    {"DBSIZE", 1, false, dbsize},
    {"PEXPIRETIME", 2, false, pexpiretime},
};

}  // namespace

std::span<const Row> key_rows() { return kRows; }

}  // namespace keyshift::simulation
