#pragma once
#include <span>

#include "model_redis.hpp"
#include "resp/encode.hpp"

namespace keyshift::simulation {

/// One command while it runs.
struct Call {
  ModelRedis& server;
  ModelRedis::Link& link;
  const Words& argv;
  Bytes& out;

  [[nodiscard]] const Bytes& word(std::size_t at) const { return argv[at]; }
  [[nodiscard]] Value* find(const Bytes& key) const { return server.find(link.database, key); }
  /// Whether the value may be used as `type`; answers WRONGTYPE when not. An absent one may.
  [[nodiscard]] bool fits(const Value* value, Value::Type type) const {
    if (value == nullptr || value->type == type) return true;
    out += "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
    return false;
  }
  [[nodiscard]] Value& make(const Bytes& key, Value::Type type) const;
  /// The key was written; an empty aggregate goes, who waits for a list is served when the command is over.
  void wrote(const Bytes& key) const;
  bool remove(const Bytes& key) const;
  void number(long long n) const { resp::append_integer(out, n); }
  void bulk(const Bytes* text) const {
    if (text == nullptr)
      out += "$-1\r\n";
    else
      resp::append_bulk(out, *text);
  }
  void array(std::size_t size) const { resp::append_array_header(out, size); }
  void ok() const { out += "+OK\r\n"; }
  void error(BytesView text) const { out.append("-").append(text).append("\r\n"); }
  [[nodiscard]] bool in_exec() const { return server.in_exec_; }
  void park(std::int64_t until) const;
  [[nodiscard]] ModelRedis::Link* link_of(std::uint64_t id) const;
  /// Ends what it is blocked in with `answer`.
  void unblock(ModelRedis::Link& other, BytesView answer) const { server.unblock(other, answer); }
  [[nodiscard]] std::size_t publish(const Bytes& channel, const Bytes& message) const;
};

/// One row per command. `words`: exactly so many, its name included; negative: at least.
struct Row {
  BytesView name;
  int words;
  bool write;
  void (*run)(const Call&);
};
std::span<const Row> string_rows();
std::span<const Row> key_rows();
std::span<const Row> collection_rows();
std::span<const Row> server_rows();
const Row* find_row(BytesView name);

/// A whole number as Redis reads one.
std::optional<long long> number_in(const Bytes& text);

}  // namespace keyshift::simulation
