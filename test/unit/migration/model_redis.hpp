#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "resp/encode.hpp"
#include "resp/request_parser.hpp"

namespace keyshift::test {

/// The part of redis-server that a sweep speaks to, on one connection: keys with values, SCAN over a table that stays
/// as large as it was, RENAMENX, RENAME, EXISTS, WATCH, MULTI, EXEC, UNWATCH. `refuse` may answer a command by an
/// error.
struct ModelRedis {
  std::map<Bytes, Bytes> keys;
  std::map<Bytes, std::set<Bytes>> sets;  ///< apart from the keys: of ours alone
  std::function<Bytes(const Bytes& command)> refuse = [](const Bytes&) { return Bytes(); };
  std::function<void()> before_exec = [] {};
  std::vector<Bytes> log;  ///< commands executed, first words

  /// Executes all commands of `bytes` and returns their replies, one string each.
  std::vector<Bytes> execute(Bytes bytes) {
    std::vector<Bytes> replies;
    resp::RequestParser parser;
    while (!bytes.empty() && parser.parse(bytes) == resp::RequestParser::Step::request) {
      std::vector<Bytes> argv(parser.argv().begin(), parser.argv().end());
      const auto used = parser.consumed();
      bytes.erase(0, used);
      replies.push_back(one(argv));
    }
    return replies;
  }

  /// The connection ends: what it watched or queued is forgotten.
  void disconnect() {
    multi_ = broken_ = false;
    watched_.clear();
    queued_.clear();
  }

  Bytes one(const std::vector<Bytes>& argv) {
    log.push_back(argv[0]);
    if (Bytes error = refuse(argv[0]); !error.empty()) {
      broken_ = (broken_ || multi_) && argv[0] != "EXEC";
      if (argv[0] == "EXEC") multi_ = false, queued_.clear(), watched_.clear();
      return "-" + error + "\r\n";
    }
    if (argv[0] == "MULTI") return multi_ = true, "+OK\r\n";
    if (argv[0] == "EXEC") return exec();
    if (multi_) return queued_.push_back(argv), "+QUEUED\r\n";
    return run(argv);
  }

 private:
  Bytes exec() {
    if (!multi_) return "-ERR EXEC without MULTI\r\n";
    before_exec();
    multi_ = false;
    const auto queued = std::exchange(queued_, {});
    const auto watched = std::exchange(watched_, {});
    if (std::exchange(broken_, false)) return "-EXECABORT Transaction discarded because of previous errors.\r\n";
    for (const auto& [key, seen] : watched)
      if (state(key) != seen) return "*-1\r\n";
    Bytes out;
    resp::append_array_header(out, queued.size());
    for (const auto& argv : queued) out += run(argv);
    return out;
  }

  Bytes state(const Bytes& key) const {
    const auto at = keys.find(key);
    return at == keys.end() ? "absent" : "=" + at->second;
  }

  Bytes run(const std::vector<Bytes>& argv) {
    if (argv[0] == "SCAN") return scan(argv);
    if (argv[0] == "UNWATCH") return watched_.clear(), "+OK\r\n";
    if (argv[0] == "WATCH") {
      for (std::size_t i = 1; i < argv.size(); ++i) watched_.emplace(argv[i], state(argv[i]));
      return "+OK\r\n";
    }
    if (argv[0] == "SADD") return sets[argv[1]].insert(argv[2]).second ? ":1\r\n" : ":0\r\n";
    if (argv[0] == "EXISTS") return keys.count(argv[1]) ? ":1\r\n" : ":0\r\n";
    const auto from = keys.find(argv[1]);
    if (from == keys.end()) return "-ERR no such key\r\n";
    if (argv[0] == "RENAMENX" && keys.count(argv[2])) return ":0\r\n";
    const Bytes value = from->second;
    keys.erase(from);
    keys[argv[2]] = value;
    return argv[0] == "RENAMENX" ? ":1\r\n" : "+OK\r\n";
  }

  static std::size_t bucket(const Bytes& key) { return std::hash<Bytes>()(key) % kBuckets; }

  /// Like the real one: buckets in order, whole buckets only, at least COUNT keys where there are so many.
  Bytes scan(const std::vector<Bytes>& argv) {
    std::size_t at = std::stoul(argv[1]);
    const std::size_t count = std::stoul(argv.back());
    std::multimap<std::size_t, Bytes> table;
    for (const auto& [key, value] : keys) table.emplace(bucket(key), key);
    std::vector<Bytes> found;
    std::size_t buckets = 0;
    while (at < kBuckets && found.size() < count && buckets++ < count * 10) {
      const auto [begin, end] = table.equal_range(at++);
      for (auto i = begin; i != end; ++i) found.push_back(i->second);
    }
    Bytes out;
    resp::append_array_header(out, 2);
    resp::append_bulk(out, std::to_string(at == kBuckets ? 0 : at));
    resp::append_array_header(out, found.size());
    for (const auto& key : found) resp::append_bulk(out, key);
    return out;
  }

  static constexpr std::size_t kBuckets = 512;
  std::map<Bytes, Bytes> watched_;
  std::vector<std::vector<Bytes>> queued_;
  bool multi_ = false, broken_ = false;
};

}  // namespace keyshift::test
