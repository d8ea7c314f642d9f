#include "mix.hpp"

#include <algorithm>
#include <numeric>

namespace keyshift::history {

namespace {

using Shape = Intent::Shape;

/// `NAME key ARG...`
Request one(const Record& record, const std::string& name, const Words& args = {}) {
  Request request{{name, record.older}, {1}, {&record}};
  request.words.insert(request.words.end(), args.begin(), args.end());
  return request;
}

/// `NAME key key...`
Request over(const std::string& name, const std::vector<const Record*>& records) {
  Request request{{name}, {}, records};
  for (const Record* record : records) {
    request.key_at.push_back(request.words.size());
    request.words.push_back(record->older);
  }
  return request;
}

Intent plain(Request request) { return {Shape::plain, {std::move(request)}, 0}; }
Intent together(std::vector<Request> requests) { return {Shape::transaction, std::move(requests), 0}; }

}  // namespace

Mix::Mix(const Options& options, const std::vector<Unit>& units)
    : under_way(units.size()), options_(options), units_(units), order_(units.size()), random_(options.seed) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::mt19937_64 shuffling(options.seed * 31 + 7);
  std::shuffle(order_.begin(), order_.end(), shuffling);
}

std::string Mix::value() { return "v" + std::to_string(options_.first_client) + "." + std::to_string(++written_); }
std::string Mix::milliseconds() { return std::to_string(below(20) == 0 ? 60'000 : 3 + below(120)); }

/// A hot unit, or one that is hot next when those are crowded; seldom any.
std::size_t Mix::choose(std::uint64_t elapsed_ms) {
  if (below(100) < options_.hot_percent) {
    const auto first = elapsed_ms / options_.dwell_ms * options_.hot, offset = below(options_.hot);
    for (std::uint64_t i = 0; i < 4 * options_.hot; ++i) {
      const auto index = order_[(first + (i < options_.hot ? (offset + i) % options_.hot : i)) % units_.size()];
      if (under_way[index] < options_.crowd) return index;
    }
  }
  std::size_t index = below(units_.size());
  for (int tries = 0; tries < 20 && under_way[index] >= options_.crowd; ++tries) index = below(units_.size());
  return index;
}

Intent Mix::next(std::uint64_t elapsed_ms) {
  const std::size_t index = choose(elapsed_ms);
  Intent intent = on(units_[index]);
  intent.unit = index;
  return intent;
}

Intent Mix::on(const Unit& unit) {
  if (unit.kind != Kind::group && below(100) < 12) return on_expiry(unit);
  switch (unit.kind) {
    case Kind::string:
      return on_string(unit);
    case Kind::counter:
      return on_counter(unit);
    case Kind::hash:
      return on_hash(unit);
    case Kind::list:
      return on_list(unit);
    case Kind::set:
      return on_set(unit);
    case Kind::group:
      break;
  }
  return on_group(unit);
}

Intent Mix::on_expiry(const Unit& unit) {
  const Record& record = unit.records[0];
  switch (below(8)) {
    case 0:
      return plain(one(record, "PEXPIRE", {milliseconds()}));
    case 1:
      return plain(one(record, "PERSIST"));
    case 2:
      return plain(one(record, "PEXPIRE", {"0"}));
    case 3:
      return plain(over("UNLINK", {&record}));
    case 4:
      return plain(over("DEL", {&record}));
    case 5:
      return plain(one(record, "TYPE"));
    case 6:
      return plain(over("EXISTS", {&record}));
    default:
      return plain(one(record, "PTTL"));
  }
}

Intent Mix::on_string(const Unit& unit) {
  const Record& record = unit.records[0];
  switch (below(22)) {
    case 0:
      return plain(one(record, "SET", {value(), "NX"}));
    case 1:
      return plain(one(record, "SET", {value(), "XX"}));
    case 2:
      return plain(one(record, "SET", {value(), "GET"}));
    case 3:
      return plain(one(record, "GETSET", {value()}));
    case 4:
      return plain(one(record, "GETDEL"));
    case 5:
      return plain(one(record, "SETNX", {value()}));
    case 6:
    case 7:
      return plain(one(record, "APPEND", {value()}));
    case 8:
      return plain(one(record, "SET", {value(), "PX", milliseconds()}));
    case 9:
      return plain(one(record, "SET", {value(), "KEEPTTL"}));
    case 10:
      return plain(one(record, "STRLEN"));
    case 11:
      return together({one(record, "GET"), one(record, "SET", {value()})});
    case 12:
      return together({one(record, "SETNX", {value()}), one(record, "GETDEL")});
    case 13:
    case 14:
      return {Shape::watched, {one(record, "GET")}, 0};
    case 15:
    case 16:
    case 17:
    case 18:
      return plain(one(record, "SET", {value()}));
    default:
      return plain(one(record, "GET"));
  }
}

Intent Mix::on_counter(const Unit& unit) {
  const Record& record = unit.records[0];
  switch (below(14)) {
    case 0:
      return plain(one(record, "GETDEL"));
    case 1:
      return together({one(record, "INCR"), one(record, "INCR"), one(record, "GET")});
    case 2:
      return plain(one(record, "SET", {std::to_string(++written_ * 1000)}));
    case 3:
    case 4:
      return plain(one(record, "INCRBY", {"7"}));
    case 5:
      return plain(one(record, "DECR"));
    case 6:
    case 7:
    case 8:
      return plain(one(record, "GET"));
    default:
      return plain(one(record, "INCR"));
  }
}

Intent Mix::on_hash(const Unit& unit) {
  const Record& record = unit.records[0];
  const std::string field = "f" + std::to_string(below(4));
  switch (below(14)) {
    case 0:
    case 1:
      return plain(one(record, "HDEL", {field}));
    case 2:
    case 3:
      return plain(one(record, "HGETALL"));
    case 4:
      return together({one(record, "HSET", {field, value()}), one(record, "HGETALL")});
    case 5:
      return plain(one(record, "HDEL", {"f0", "f1", "f2", "f3"}));
    case 6:
      return plain(one(record, "HLEN"));
    case 7:
    case 8:
    case 9:
      return plain(one(record, "HGET", {field}));
    default:
      return plain(one(record, "HSET", {field, value()}));
  }
}

Intent Mix::on_list(const Unit& unit) {
  const Record& record = unit.records[0];
  switch (below(15)) {
    case 0:
      return plain(one(record, "LPUSH", {value()}));
    case 1:
      return plain(one(record, "RPOP"));
    case 2:
      return plain(one(record, "LLEN"));
    case 3:
    case 4:
    case 5:
      return plain(one(record, "LRANGE", {"0", "-1"}));
    case 6:
      return together({one(record, "LPOP"), one(record, "RPUSH", {value()})});
    case 7:
      return plain(one(record, "RPUSH", {value(), value()}));
    case 8:
    case 9:
    case 10:
      return plain(one(record, "RPUSH", {value()}));
    default:
      return plain(one(record, "LPOP"));
  }
}

Intent Mix::on_set(const Unit& unit) {
  const Record& record = unit.records[0];
  const std::string member = "m" + std::to_string(below(5));
  switch (below(12)) {
    case 0:
    case 1:
    case 2:
      return plain(one(record, "SADD", {member}));
    case 3:
    case 4:
    case 5:
      return plain(one(record, "SREM", {member}));
    case 6:
    case 7:
      return plain(one(record, "SMEMBERS"));
    case 8:
      return plain(one(record, "SCARD"));
    case 9:
      return together({one(record, "SADD", {member}), one(record, "SMEMBERS")});
    default:
      return plain(one(record, "SISMEMBER", {member}));
  }
}

Intent Mix::on_group(const Unit& unit) {
  const std::size_t first = below(3);
  const Record& a = unit.records[first];
  const Record& b = unit.records[(first + 1 + below(2)) % 3];
  const std::vector<const Record*> all{&unit.records[0], &unit.records[1], &unit.records[2]};
  const auto written = [this](Request request) {
    for (std::size_t i = request.words.size(); i > 1; --i)
      request.words.insert(request.words.begin() + static_cast<std::ptrdiff_t>(i), value());
    for (std::size_t i = 0; i < request.key_at.size(); ++i) request.key_at[i] = 1 + 2 * i;
    return request;
  };
  switch (below(18)) {
    case 0:
      return plain(written(over("MSET", {&a, &b})));
    case 1:
      return plain(written(over("MSET", all)));
    case 2:
    case 3:
      return plain(over("MGET", all));
    case 4:
      return plain(over("MGET", {&a, &b}));
    case 5:
      return plain(over("DEL", {&a, &b}));
    case 6:
    case 7:
      return plain(over("RENAME", {&a, &b}));
    case 8:
      return plain(over("RENAMENX", {&a, &b}));
    case 9:
      return plain(over("COPY", {&a, &b}));
    case 10:
      return plain(over("EXISTS", all));
    case 11:
      return together({one(a, "SET", {value()}), over("MGET", {&a, &b})});
    case 12:
      return together({over("RENAMENX", {&a, &b}), one(a, "SET", {value()})});
    case 13:
      return plain(one(a, "SET", {value(), "PX", milliseconds()}));
    case 14:
    case 15:
      return plain(one(a, "SET", {value()}));
    default:
      return plain(one(a, "GET"));
  }
}

Request Mix::write_behind(const Request& look) { return one(*look.records[0], "SET", {value()}); }

std::vector<Request> Mix::first_value(const Unit& unit) {
  std::vector<Request> requests;
  for (const Record& record : unit.records) {
    if (below(5) == 0) continue;
    switch (unit.kind) {
      case Kind::counter:
        requests.push_back(one(record, "SET", {std::to_string(++written_ * 1000)}));
        break;
      case Kind::hash:
        requests.push_back(one(record, "HSET", {"f0", value(), "f1", value()}));
        break;
      case Kind::list:
        requests.push_back(one(record, "RPUSH", {value(), value(), value()}));
        break;
      case Kind::set:
        requests.push_back(one(record, "SADD", {"m0", "m1"}));
        break;
      case Kind::string:
      case Kind::group:
        requests.push_back(one(record, "SET", {value()}));
        break;
    }
    if (below(4) == 0) requests.push_back(one(record, "PEXPIRE", {std::to_string(500 + below(5000))}));
  }
  return requests;
}

}  // namespace keyshift::history
