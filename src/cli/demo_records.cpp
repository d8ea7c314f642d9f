#include "cli/demo_records.hpp"

#include <cstdio>

namespace keyshift::cli::demo {
namespace {

constexpr std::uint64_t families = 3;
constexpr std::int64_t session_seconds = 3600;

/// Spreads ids over the whole range (the finalizer of MurmurHash3), so that tokens look like tokens.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ull;
  return x ^ (x >> 33);
}

std::string token(std::uint64_t id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(mixed(id + 1)));
  return text;
}

std::string outside_name(std::uint64_t id) { return "outside:" + std::to_string(id); }

const char* kind_of(std::uint64_t id, const Record& record) {
  if (!record.exists) return "gone";
  switch (family_of(id)) {
    case Family::user:
      return "hash";
    case Family::session:
      return "string";
    case Family::cart:
      return "list";
  }
  return "gone";
}

}  // namespace

Family family_of(std::uint64_t id) noexcept { return static_cast<Family>(id % families); }

bool is_counter(std::uint64_t id) noexcept { return family_of(id) == Family::session && id / families % 4 == 0; }

std::string old_name(const Dataset& data, std::uint64_t id) {
  if (data.outside) return outside_name(id);
  switch (family_of(id)) {
    case Family::user:
      return "user:" + std::to_string(id);
    case Family::session:
      return "sess:" + token(id);
    case Family::cart:
      return "cart:" + std::to_string(id);
  }
  return {};
}

std::string new_name(const Dataset& data, std::uint64_t id) {
  if (data.outside) return outside_name(id);
  switch (family_of(id)) {
    case Family::user:
      return "{user:" + std::to_string(id) + "}:profile";
    case Family::session:
      return "session:v2:" + token(id);
    case Family::cart:
      return "{cart:" + std::to_string(id) + "}:items";
  }
  return {};
}

Record first_record(const Dataset& data, std::uint64_t id) {
  Record out;
  switch (family_of(id)) {
    case Family::user:
      out.parts = {"name" + std::to_string(mixed(id) % 100000), id % 2 == 0 ? "free" : "paid", "0"};
      break;
    case Family::session:
      out.parts = {is_counter(id) ? std::to_string(id % 50) : "s" + std::to_string(mixed(id) % 1000000000)};
      out.expires_at = data.epoch_ms + (session_seconds + static_cast<std::int64_t>(id % 1000)) * 1000;
      break;
    case Family::cart:
      for (std::uint64_t n = 0; n <= id % 4; ++n) out.parts.push_back("item" + std::to_string(mixed(id + n) % 10000));
      break;
  }
  return out;
}

const char* user_field(std::size_t index) noexcept {
  constexpr const char* fields[] = {"name", "plan", "visits"};
  return fields[index];
}

std::vector<std::string> create_command(const std::string& name, std::uint64_t id, const Record& record) {
  std::vector<std::string> out;
  switch (family_of(id)) {
    case Family::user:
      out = {"HSET", name};
      for (std::size_t i = 0; i < record.parts.size(); ++i) {
        out.emplace_back(user_field(i));
        out.push_back(record.parts[i]);
      }
      break;
    case Family::session:
      out = {"SET", name, record.parts.front(), "PXAT", std::to_string(record.expires_at)};
      break;
    case Family::cart:
      out = {"RPUSH", name};
      out.insert(out.end(), record.parts.begin(), record.parts.end());
      break;
  }
  return out;
}

std::string expected_line(const Dataset& data, std::uint64_t id, const Record& record, Names names) {
  std::string wanted = new_name(data, id), other = old_name(data, id);
  if (names == Names::old) wanted.swap(other);
  std::string out =
      wanted + '\t' + other + '\t' + kind_of(id, record) + '\t' + std::to_string(record.exists ? record.expires_at : 0);
  if (record.exists)
    for (std::size_t i = 0; i < record.parts.size(); ++i) {
      if (family_of(id) == Family::user) out.append("\t").append(user_field(i));
      out.append("\t").append(record.parts[i]);
    }
  return out + '\n';
}

std::string migration_text(std::uint16_t redis_port, std::uint64_t keys_per_second, const std::string& backups) {
  return R"(apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: demo}
spec:
  from: {schema: shop, version: 1.4.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:)" +
         std::to_string(redis_port) + R"(/0"}
  rules:
    - name: profile
      from: {key: "user:<id:int>"}
      to:   {key: "{user:<id>}:profile"}
    - name: session
      from: {key: "sess:<token>"}
      to:   {key: "session:v2:<token>"}
    - name: cart
      from: {key: "cart:<id:int>"}
      to:   {key: "{cart:<id>}:items"}
  sweep: {max_keys_per_second: )" +
         std::to_string(keys_per_second) + R"(, max_server_latency_ms: 20}
  policy: {conflict: keep-new}
  backup: {provider: rdb, before: [start, cutover], directory: )" +
         backups + R"(}
  bypass: {allow: [{name: )" +
         direct_name + R"(}]}
)";
}

}  // namespace keyshift::cli::demo
