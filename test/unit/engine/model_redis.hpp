#pragma once
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "resp/encode.hpp"
#include "resp/request_parser.hpp"

namespace keyshift::proxy::test {

using Words = std::vector<Bytes>;

/// The part of redis-server that the engine's tests need: strings in databases, transactions with WATCH, and what the
/// proxy asks for itself. Requests are really parsed, so a proxy that sends half a request is noticed.
class ModelRedis {
 public:
  /// What the server knows of one connection. It ends with the object.
  struct Link {
    Bytes unread;
    int database = 0;
    bool multi = false, broken = false, dirty = false, blocked = false;
    bool resp3 = false;
    Bytes user = "default";
    std::vector<Words> queued;
    std::map<std::pair<int, Bytes>, std::uint64_t> watched;
    std::uint64_t id = 0;    ///< given when it sends first
    Bytes name;              ///< of HELLO ... SETNAME
    Words parked;            ///< what it is blocked in
    Bytes pushed;            ///< replies that came without a request: to be taken by whoever holds the other end
    bool resumed = false;    ///< unblocked: what it had sent behind is to be taken up
    bool killed = false;     ///< by CLIENT KILL: nothing that it sent is executed any more
    std::vector<Words> log;  ///< what it was sent, in order, handshake included
  };

  std::map<int, std::map<Bytes, Bytes>> databases;
  Bytes renamenx_error;    ///< RENAMENX is answered by this line: "-NOREPLICAS ..."
  Bytes write_error;       ///< so is every other write
  Bytes key_error;         ///< what "limited" is answered for the epoch key
  Bytes multi_error;       ///< so is MULTI
  Bytes run_id = "first";  ///< of INFO: another one is another server
  Bytes password;          ///< that everybody must give
  bool busy = false;       ///< a script runs, too long
  bool paused = false;     ///< CLIENT PAUSE: writes wait, and so does what is behind them on their connection
  std::uint64_t executed = 0;
  /// Called for each app command when it is executed (not when it is queued), before it changes anything.
  std::function<void(int database, const Words& argv)> on_execute;

  std::map<Bytes, Bytes>& keys() { return databases[0]; }
  std::map<Bytes, std::set<Bytes>> sets;  ///< those of the proxy, in database 0, apart from the records

  /// Takes bytes of a connection; appends the replies to `out`. False when they are not RESP.
  bool take(Link& link, BytesView bytes, Bytes& out) {
    if (link.id == 0) links_[link.id = next_id_++] = &link;
    if (link.killed) return true;
    link.unread.append(bytes);
    resp::RequestParser parser;
    parser.limits().stream_above = std::size_t{1} << 40;
    while (!link.unread.empty() && !link.blocked) {
      const auto step = parser.parse(link.unread);
      if (step == resp::RequestParser::Step::more) break;
      if (step != resp::RequestParser::Step::request) return false;
      const Words argv(parser.argv().begin(), parser.argv().end());
      if (paused && writes(upper(argv[0]))) break;
      const std::size_t used = parser.consumed();
      link.unread.erase(0, used);
      link.log.push_back(argv);
      out += one(link, argv);
    }
    return true;
  }

  /// CLIENT KILL ID: whatever was queued on it does not run.
  void kill(std::uint64_t id) { links_.at(id)->killed = true; }
  /// Every connection that was not killed, by its id.
  [[nodiscard]] const std::map<std::uint64_t, Link*>& links() const { return links_; }
  void forget(const Link& link) { links_.erase(link.id); }
  /// An element for whoever waits for it, or for the list.
  void push(const Bytes& key, const Bytes& value) {
    for (auto& [id, link] : links_) {
      if (!link->blocked || link->killed || link->parked.empty() || link->parked[1] != key) continue;
      link->pushed += "*2\r\n" + bulk(&key) + bulk(&value);
      return wake(*link);
    }
    lists[key].push_back(value);
  }
  std::map<Bytes, std::vector<Bytes>> lists;  ///< for BLPOP alone

 private:
  static void wake(Link& link) {
    link.blocked = false;
    link.parked.clear();
    link.resumed = true;
  }
  static Bytes wrong() { return "-ERR wrong number of arguments\r\n"; }
  static Bytes number(long long n) { return ":" + std::to_string(n) + "\r\n"; }
  static Bytes bulk(const Bytes* text) {
    Bytes out = "$-1\r\n";
    if (text != nullptr) resp::append_bulk(out = Bytes(), *text);
    return out;
  }
  static bool writes(const Bytes& name) {
    static const std::set<Bytes> names{"SET", "DEL", "APPEND", "INCR", "GETDEL", "RENAME", "MSET", "GETSET"};
    return names.contains(name);
  }

  /// What Redis refuses before it queues or runs a command. "limited" may do anything but SELECT.
  Bytes refusal(const Link& link, const Bytes& name) const {
    if (name == "HELLO" || name == "AUTH") return {};
    if (!password.empty() && link.user.empty()) return "-NOAUTH Authentication required.\r\n";
    if (busy) return "-BUSY Redis is busy running a script.\r\n";
    if (link.user == "limited" && name == "SELECT") return "-NOPERM this user has no permissions\r\n";
    if (name == "RENAMENX") return renamenx_error;
    return writes(name) ? write_error : Bytes();
  }

  Bytes one(Link& link, const Words& argv) {
    const Bytes name = upper(argv[0]);
    if (!password.empty() && link.log.size() == 1) link.user.clear();
    if (name == "EXEC") return exec(link);
    if (name == "MULTI") {
      if (!multi_error.empty()) return multi_error;
      link.multi = true;
      link.broken = false;
      return "+OK\r\n";
    }
    if (name == "DISCARD") {
      if (!link.multi) return "-ERR DISCARD without MULTI\r\n";
      end(link);
      return "+OK\r\n";
    }
    Bytes refused = refusal(link, name);
    if (name == "KEYSHIFT.REFUSED") refused = "-ERR unknown command\r\n";
    if (!refused.empty()) {
      if (link.multi) link.broken = true;
      return refused;
    }
    if (link.multi) {
      link.queued.push_back(argv);
      return "+QUEUED\r\n";
    }
    return run(link, name, argv);
  }

  static void end(Link& link) {
    link.multi = link.broken = false;
    link.queued.clear();
    link.watched.clear();
  }

  Bytes exec(Link& link) {
    if (!link.multi) return "-ERR EXEC without MULTI\r\n";
    bool touched = false;
    for (const auto& [key, version] : link.watched) touched |= versions_[key] != version;
    const std::vector<Words> queued = std::move(link.queued);
    const bool broken = link.broken;
    end(link);
    if (broken) return "-EXECABORT Transaction discarded because of previous errors.\r\n";
    if (touched) return "*-1\r\n";
    Bytes out = "*" + std::to_string(queued.size()) + "\r\n";
    for (const Words& argv : queued) out += run(link, upper(argv[0]), argv);
    return out;
  }

  Bytes log_in(Link& link, const Bytes& user, const Bytes& given) const {
    if (!password.empty() && given != password) return "-WRONGPASS invalid username-password pair\r\n";
    link.user = user;
    return "+OK\r\n";
  }

  void touch(int database, const Bytes& key) { ++versions_[{database, key}]; }

  Bytes run(Link& link, const Bytes& name, const Words& argv) {
    ++executed;
    if (on_execute && name != "RENAMENX" && name != "HELLO" && name != "SELECT" && name != "INFO")
      on_execute(link.database, argv);
    auto& keys = databases[link.database];
    const auto find = [&keys](const Bytes& key) {
      const auto it = keys.find(key);
      return it == keys.end() ? nullptr : &it->second;
    };
    if (name == "AUTH") return log_in(link, argv.size() == 3 ? argv[1] : "default", argv.back());
    if (name == "SUBSCRIBE") return (link.resp3 ? ">" : "*") + ("3\r\n$9\r\nsubscribe\r\n" + bulk(&argv[1]) + ":1\r\n");
    if (name == "HELLO") link.resp3 = argv.size() > 1 && argv[1] == "3";
    if (name == "HELLO" && argv.size() > 4 && argv[2] == "AUTH")
      if (Bytes answer = log_in(link, argv[3], argv[4]); answer[0] == '-') return answer;
    if (name == "HELLO" && link.user.empty()) return "-NOAUTH HELLO must be called with the client authenticated\r\n";
    if (name == "HELLO") return greet(link, argv);
    if (name == "SELECT") return link.database = std::stoi(argv[1]), "+OK\r\n";
    if (name == "PING") return "+PONG\r\n";
    if (name == "ECHO") return bulk(&argv[1]);
    if (name == "CLIENT" && argv.size() > 2) return client(argv);
    if (name == "CLIENT" || name == "UNWATCH") {
      if (name == "UNWATCH") link.watched.clear();
      return "+OK\r\n";
    }
    if (name == "INFO") {
      const Bytes text = "run_id:" + run_id + "\r\nmaster_replid:" + run_id + "\r\n";
      return bulk(&text);
    }
    if (name == "COMMAND") return "*1\r\n*-1\r\n";
    if (name == "WATCH") {
      for (std::size_t i = 1; i < argv.size(); ++i)
        link.watched.try_emplace({link.database, argv[i]}, versions_[{link.database, argv[i]}]);
      return "+OK\r\n";
    }
    if (name == "DBSIZE")
      return number(static_cast<long long>(keys.size()) +
                    (link.database == 0 ? static_cast<long long>(sets.size()) : 0));
    if (argv.size() < 2) return wrong();
    if (name == "SADD" || name == "SCARD" || name == "SRANDMEMBER") return of_set(name, argv);
    if (name == "KEYS") {
      Bytes out = "*" + std::to_string(keys.size()) + "\r\n";
      for (const auto& [key, value] : keys) resp::append_bulk(out, key);
      return out;
    }
    if (name == "BLPOP") return pop(link, argv);
    if (!key_error.empty() && link.user == "limited" && argv[1].starts_with("keyshift:epoch")) return key_error;
    return keyed(link.database, name, argv, keys, find);
  }

  static Bytes greet(Link& link, const Words& argv) {
    for (std::size_t i = 2; i + 1 < argv.size(); ++i)
      if (argv[i] == "SETNAME") link.name = argv[i + 1];
    return "*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$2\r\nid\r\n" +
           number(static_cast<long long>(link.id));
  }
  Bytes client(const Words& argv) {
    const auto it = argv.size() < 3 ? links_.end()
                                    : links_.find(std::strtoull(argv[argv[1] == "LIST" ? 3 : 2].c_str(), nullptr, 10));
    if (argv[1] == "UNBLOCK") {
      if (it == links_.end() || !it->second->blocked) return ":0\r\n";
      it->second->pushed += "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n";
      wake(*it->second);
      return ":1\r\n";
    }
    if (argv[1] != "LIST") return "+OK\r\n";
    Bytes text;
    if (it != links_.end()) text = "id=" + std::to_string(it->first) + " name=" + it->second->name + " db=0\n";
    return bulk(&text);
  }
  Bytes pop(Link& link, const Words& argv) {
    auto& list = lists[argv[1]];
    if (list.empty()) {
      link.parked = argv;
      link.blocked = true;
      return {};
    }
    const Bytes value = list.front();
    list.erase(list.begin());
    return "*2\r\n" + bulk(&argv[1]) + bulk(&value);
  }

  Bytes of_set(const Bytes& name, const Words& argv) {
    if (name == "SADD") return sets[argv[1]].insert(argv[2]).second ? ":1\r\n" : ":0\r\n";
    const auto set = sets.find(argv[1]);
    const std::set<Bytes> members = set == sets.end() ? std::set<Bytes>() : set->second;
    if (name == "SCARD") return number(static_cast<long long>(members.size()));
    Bytes out = "*" + std::to_string(members.size()) + "\r\n";
    for (const Bytes& member : members) resp::append_bulk(out, member);
    return out;
  }

  template <class Find>
  Bytes keyed(int database, const Bytes& name, const Words& argv, std::map<Bytes, Bytes>& keys, const Find& find) {
    const Bytes& key = argv[1];
    const Bytes* old = find(key);
    if (name == "GET" || name == "GETDEL") {
      const Bytes out = bulk(old);
      if (name == "GETDEL" && old != nullptr) keys.erase(key), touch(database, key);
      return out;
    }
    if (name == "STRLEN") return number(old == nullptr ? 0 : static_cast<long long>(old->size()));
    if (name == "MGET") {
      Bytes out = "*" + std::to_string(argv.size() - 1) + "\r\n";
      for (std::size_t i = 1; i < argv.size(); ++i) out += bulk(find(argv[i]));
      return out;
    }
    if (name == "EXISTS" || name == "DEL") {
      long long count = 0;
      for (std::size_t i = 1; i < argv.size(); ++i) {
        const bool there = find(argv[i]) != nullptr || (database == 0 && name == "EXISTS" && sets.contains(argv[i]));
        count += there ? 1 : 0;
        if (there && name == "DEL") keys.erase(argv[i]), touch(database, argv[i]);
      }
      return number(count);
    }
    touch(database, key);
    if (name == "INCR") {
      const long long next = (old == nullptr ? 0 : std::stoll(*old)) + 1;
      keys[key] = std::to_string(next);
      return number(next);
    }
    if (argv.size() < 3) return wrong();
    if (name == "SET") return keys[key] = argv[2], "+OK\r\n";
    if (name == "APPEND") return number(static_cast<long long>((keys[key] += argv[2]).size()));
    if (name == "MSET") {
      for (std::size_t i = 1; i + 1 < argv.size(); i += 2) keys[argv[i]] = argv[i + 1], touch(database, argv[i]);
      return "+OK\r\n";
    }
    if (name == "RENAMENX" || name == "RENAME") {
      if (old == nullptr) return "-ERR no such key\r\n";
      if (name == "RENAMENX" && find(argv[2]) != nullptr) return number(0);
      touch(database, argv[2]);
      keys[argv[2]] = Bytes(*old);
      keys.erase(key);
      return name == "RENAME" ? Bytes("+OK\r\n") : number(1);
    }
    return "-ERR unknown command '" + argv[0] + "'\r\n";
  }

  std::map<std::pair<int, Bytes>, std::uint64_t> versions_;
  std::map<std::uint64_t, Link*> links_;
  std::uint64_t next_id_ = 7;
};

}  // namespace keyshift::proxy::test
