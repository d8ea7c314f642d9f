#include "script.hpp"

namespace keyshift::simulation {
namespace {

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  Script write() {
    Script out;
    const std::size_t steps = 6 + pick(14);
    const bool expiring = pick(10) == 0;
    for (std::size_t i = 0; i < steps; ++i) {
      ScriptStep step;
      step.connection = pick(kConnections);
      const std::size_t count = 1 + (pick(3) == 0 ? pick(4) : 0);
      for (std::size_t c = 0; c < count; ++c) add(step.commands, step.connection, expiring);
      if (expiring && pick(8) == 0) step.pause = 25;
      out.push_back(std::move(step));
    }
    return out;
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  Bytes key() { return Bytes(1, static_cast<char>('a' + pick(4))); }
  Bytes list() { return pick(5) == 0 ? key() : Bytes("l") + static_cast<char>('1' + pick(2)); }
  Bytes value() { return pick(3) == 0 ? std::to_string(pick(20)) : "v" + std::to_string(pick(1000)); }
  /// Of another connection: nobody kills or unblocks himself.
  Bytes other(std::size_t self) { return "@" + std::to_string((self + 1 + pick(kConnections - 1)) % kConnections); }

  void add(std::vector<Words>& out, std::size_t self, bool expiring) {
    switch (pick(10)) {
      case 0:
        return out.push_back(pick(3) == 0 ? Words{"WATCH", key(), list()} : Words{pick(4) == 0 ? "UNWATCH" : "MULTI"});
      case 1:
        return out.push_back({pick(6) == 0 ? "DISCARD" : "EXEC"});
      case 2:
        return whole_transaction(out);
      case 3:
        return out.push_back(on_lists());
      case 4:
        return out.push_back(on_connections(self));
      case 5:
        return out.push_back(expiring ? with_deadline() : on_collections());
      case 6:
        return out.push_back(wrong());
      default:
        return out.push_back(on_strings());
    }
  }

  void whole_transaction(std::vector<Words>& out) {
    out.push_back({"MULTI"});
    for (std::size_t i = pick(4); i > 0; --i)
      out.push_back(pick(6) == 0 ? wrong() : pick(3) == 0 ? on_lists() : on_strings());
    out.push_back({"EXEC"});
  }

  Words on_strings() {
    switch (pick(16)) {
      case 0:
        return {"SET", key(), value(), pick(2) == 0 ? "NX" : "XX"};
      case 1:
        return {"SET", key(), value(), "GET"};
      case 2:
        return {"APPEND", key(), value()};
      case 3:
        return {"INCR", key()};
      case 4:
        return {pick(2) == 0 ? "DEL" : "UNLINK", key(), key()};
      case 5:
        return {"GETDEL", key()};
      case 6:
        return {"MGET", key(), list(), key()};
      case 7:
        return {"MSET", key(), value(), key(), value()};
      case 8:
      case 9:
        return {"RENAMENX", pick(4) == 0 ? list() : key(), pick(4) == 0 ? list() : key()};
      case 10:
        return {"RENAME", pick(4) == 0 ? list() : key(), pick(4) == 0 ? list() : key()};
      case 11:
        return {"EXISTS", key(), key()};
      case 12:
        return {pick(2) == 0 ? "TYPE" : "STRLEN", key()};
      case 13:
        return {"GET", key()};
      default:
        return {"SET", key(), value()};
    }
  }

  Words on_lists() {
    switch (pick(8)) {
      case 0:
      case 1:
        return {"BLPOP", list(), "0"};
      case 2:
        return {"BLPOP", list(), list(), "0"};
      case 3:
        return {"LPOP", list()};
      case 4:
        return {"LRANGE", list(), "0", "-1"};
      case 5:
        return {"LLEN", list()};
      default:
        return pick(2) == 0 ? Words{"RPUSH", list(), value()} : Words{"LPUSH", list(), value(), value()};
    }
  }

  Words on_collections() {
    switch (pick(6)) {
      case 0:
      case 1:
        return {"HSET", "h", "f" + std::to_string(pick(3)), value()};
      case 2:
        return {"HGET", pick(4) == 0 ? key() : Bytes("h"), "f" + std::to_string(pick(3))};
      case 3:
        return {"SADD", "s", value()};
      case 4:
        return {"SREM", "s", value()};
      default:
        return {"SCARD", pick(4) == 0 ? key() : Bytes("s")};
    }
  }

  Words with_deadline() {
    switch (pick(8)) {
      case 0:
        return {"SET", key(), value(), "PX", "10"};
      case 1:
        return {"SET", key(), value(), "PX", "900000"};
      case 2:
        return {"PEXPIRE", key(), "10"};
      case 3:
        return {"PEXPIRE", key(), pick(2) == 0 ? "-5" : "900000"};
      case 4:
        return {"PERSIST", key()};
      case 5:
        return {"SET", key(), value(), "KEEPTTL"};
      case 6:
        return {"TTL", key()};
      default:
        return {"PEXPIREAT", key(), pick(2) == 0 ? "1" : "9999999999999"};
    }
  }

  Words on_connections(std::size_t self) {
    switch (pick(12)) {
      case 0:
      case 1:
        return {"CLIENT", "KILL", "ID", other(self)};
      case 2:
      case 3:
      case 4:
        return {"CLIENT", "UNBLOCK", other(self), pick(2) == 0 ? "ERROR" : "TIMEOUT"};
      case 5:
        return {"HELLO", "2", "SETNAME", "n" + std::to_string(pick(3))};
      case 6:
        return {"CLIENT", "GETNAME"};
      case 7:
        return {"SELECT", std::to_string(pick(2))};
      case 8:
        return {"PUBLISH", "channel", value()};
      case 9:
        return {"KEYS", "nothing*"};
      default:
        return {"ECHO", value()};
    }
  }

  Words wrong() {
    switch (pick(7)) {
      case 0:
        return {"GET"};
      case 1:
        return {"NOSUCH", key()};
      case 2:
        return {"SET", key(), value(), "NOPE"};
      case 3:
        return {"INCR", list()};
      case 4:
        return {"RENAMENX", "absent", key()};
      case 5:
        return {"SET", key(), value(), "PX", "0"};
      default:
        return {"LPUSH", key(), value()};
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

Script random_script(std::uint64_t seed) { return Writer(seed).write(); }

}  // namespace keyshift::simulation
