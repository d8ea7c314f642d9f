#include "model_redis.hpp"

#include <algorithm>
#include <unordered_map>

#include "call.hpp"
#include "resp/request_parser.hpp"

namespace keyshift::simulation {
namespace {

constexpr BytesView kReadonly = "READONLY You can't write against a read only replica.";

bool fits_arity(const Row& row, std::size_t words) {
  return row.words < 0 ? words >= static_cast<std::size_t>(-row.words) : words == static_cast<std::size_t>(row.words);
}

Bytes unknown(const Words& argv) {
  Bytes out = "-ERR unknown command '" + argv[0] + "', with args beginning with: ";
  for (std::size_t i = 1; i < argv.size(); ++i) out += "'" + argv[i] + "' ";
  return out + "\r\n";
}

}  // namespace

const Row* find_row(BytesView name) {
  static const auto all = [] {
    std::unordered_map<BytesView, const Row*> out;
    for (const auto rows : {string_rows(), key_rows(), collection_rows(), server_rows()})
      for (const Row& row : rows) out.emplace(row.name, &row);
    return out;
  }();
  const auto it = all.find(name);
  return it == all.end() ? nullptr : it->second;
}

void ModelRedis::know(Link& link, std::uint64_t id) {
  if (id != 0) links_.erase(link.id);
  if (link.id != 0 && id == 0) return;
  link.id = id != 0 ? id : next_id_++;
  links_[link.id] = &link;
}

bool ModelRedis::take(Link& link, BytesView bytes, Bytes& out) {
  know(link);
  if (link.killed) return true;
  link.unread.append(bytes);
  resp::RequestParser parser;
  parser.limits().stream_above = std::size_t{1} << 40;
  std::size_t at = 0;
  bool good = true;
  while (at < link.unread.size() && !link.blocked && !link.killed) {
    const auto step = parser.parse(BytesView(link.unread).substr(at));
    if (step == resp::RequestParser::Step::more) break;
    good = step == resp::RequestParser::Step::request;
    if (!good) break;
    const Words argv(parser.argv().begin(), parser.argv().end());
    if (paused && !link.multi)
      if (const Row* row = find_row(upper(argv[0])); row != nullptr && row->write) break;
    at += parser.consumed();
    parser = resp::RequestParser();
    parser.limits().stream_above = std::size_t{1} << 40;
    if (link.keep_log) link.log.push_back(argv);
    one(link, argv, out);
  }
  link.unread.erase(0, at);
  return good;
}

void ModelRedis::kill(std::uint64_t id) {
  links_.at(id)->killed = true;
  links_.at(id)->pushed.clear();  // not sent yet
}

/// What Redis refuses before it queues or runs a command. "limited" may do anything but SELECT.
Bytes ModelRedis::refusal(const Link& link, const Bytes& name, const Words& argv) const {
  if (name == "HELLO" || name == "AUTH") return {};
  if (!password.empty() && link.user.empty()) return "-NOAUTH Authentication required.\r\n";
  if (busy) return "-BUSY Redis is busy running a script.\r\n";
  if (link.user == "limited" && name == "SELECT") return "-NOPERM this user has no permissions\r\n";
  if (!key_error.empty() && link.user == "limited" && argv.size() > 1 && argv[1].starts_with("keyshift:epoch"))
    return key_error;
  const Row* row = find_row(name);
  if (row == nullptr) return unknown(argv);
  if (!fits_arity(*row, argv.size()))
    return "-ERR wrong number of arguments for '" + [&] {
      Bytes lower = name;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      return lower;
    }() + "' command\r\n";
  if (row->write && replica) return "-" + Bytes(kReadonly) + "\r\n";
  if (name == "RENAMENX") return renamenx_error;
  return row->write ? write_error : Bytes();
}

void ModelRedis::one(Link& link, const Words& argv, Bytes& out) {
  const Bytes name = upper(argv[0]);
  if (!password.empty() && link.log.size() == 1) link.user.clear();
  const auto wrong = [&](const char* what) {
    out.append("-ERR wrong number of arguments for '").append(what).append("' command\r\n");
    if (link.multi) link.broken = true;
  };
  if (name == "EXEC") return argv.size() == 1 ? exec(link, out) : wrong("exec");
  if (name == "MULTI") {
    if (argv.size() != 1) return wrong("multi");
    if (!multi_error.empty()) return out.append(multi_error), void();
    if (link.multi) return out.append("-ERR MULTI calls can not be nested\r\n"), void();
    link.multi = true;
    link.broken = false;
    return out.append("+OK\r\n"), void();
  }
  if (name == "DISCARD") {
    if (argv.size() != 1) return wrong("discard");
    if (!link.multi) return out.append("-ERR DISCARD without MULTI\r\n"), void();
    end(link);
    return out.append("+OK\r\n"), void();
  }
  if (name == "WATCH") {
    if (argv.size() < 2) return wrong("watch");
    if (link.multi) return out.append("-ERR WATCH inside MULTI is not allowed\r\n"), void();
  }
  const bool own = name == "WATCH" || name == "UNWATCH";
  if (const Bytes refused = own ? Bytes() : refusal(link, name, argv); !refused.empty()) {
    if (link.multi) link.broken = true;
    return out.append(refused), void();
  }
  if (link.multi) {
    link.queued.push_back(argv);
    return out.append("+QUEUED\r\n"), void();
  }
  run(link, name, argv, out);
  serve_blocked();
  flush_writes();
}

void ModelRedis::end(Link& link) {
  link.multi = link.broken = false;
  link.queued.clear();
  link.watched.clear();
}

void ModelRedis::exec(Link& link, Bytes& out) {
  if (!link.multi) return out.append("-ERR EXEC without MULTI\r\n"), void();
  bool touched = false;
  for (const auto& [key, version] : link.watched) {
    (void)find(key.first, key.second);  // an expired one counts as changed
    touched |= versions_[key] != version;
  }
  const std::vector<Words> queued = std::move(link.queued);
  const bool broken = link.broken;
  end(link);
  flush_writes();
  if (broken) return out.append("-EXECABORT Transaction discarded because of previous errors.\r\n"), void();
  const bool writes = std::any_of(queued.begin(), queued.end(), [](const Words& argv) {
    const Row* row = find_row(upper(argv[0]));
    return row != nullptr && row->write;
  });
  if (writes && replica)
    return out.append("-EXECABORT Transaction discarded because of: ").append(kReadonly).append("\r\n"), void();
  if (touched) return out.append("*-1\r\n"), void();
  resp::append_array_header(out, queued.size());
  in_exec_ = true;
  for (const Words& argv : queued) run(link, upper(argv[0]), argv, out);
  in_exec_ = false;
  serve_blocked();
  flush_writes();
}

void ModelRedis::run(Link& link, const Bytes& name, const Words& argv, Bytes& out) {
  ++executed;
  if (on_execute) on_execute(link, argv);
  if (name == "UNWATCH") {
    if (!in_exec_) link.watched.clear();
    return out.append("+OK\r\n"), void();
  }
  if (name == "WATCH") {
    for (std::size_t i = 1; i < argv.size(); ++i) {
      (void)find(link.database, argv[i]);
      link.watched.try_emplace({link.database, argv[i]}, versions_[{link.database, argv[i]}]);
    }
    return out.append("+OK\r\n"), void();
  }
  find_row(name)->run({*this, link, argv, out});
}

Value* ModelRedis::find(int database, const Bytes& key) {
  auto& keys = databases[database];
  const auto it = keys.find(key);
  if (it == keys.end()) return nullptr;
  if (it->second.expires == Value::never || it->second.expires > clock) return &it->second;
  if (!replica) {
    keys.erase(it);
    touch(database, key);
  }
  return nullptr;
}

void ModelRedis::put(int database, const Bytes& key, Value value) {
  databases[database][key] = std::move(value);
  if (on_written) dirty_.emplace(database, key);
}

void ModelRedis::drop(int database, const Bytes& key) {
  databases[database].erase(key);
  if (on_written) dirty_.emplace(database, key);
}

void ModelRedis::touch(int database, const Bytes& key) {
  ++versions_[{database, key}];
  if (on_written) dirty_.emplace(database, key);
}

void ModelRedis::flush_writes() {
  if (dirty_.empty()) return;
  Writes writes;
  for (const auto& [database, key] : dirty_) {
    const auto& keys = databases[database];
    const auto it = keys.find(key);
    writes.push_back({database, key, it == keys.end() ? std::nullopt : std::optional<Value>(it->second)});
  }
  dirty_.clear();
  on_written(std::move(writes));
}

}  // namespace keyshift::simulation
