// Connections that wait for each other, and servers that follow each other.
#include <algorithm>

#include "call.hpp"

namespace keyshift::simulation {

Value& Call::make(const Bytes& key, Value::Type type) const {
  return server.databases[link.database].try_emplace(key, Value(type)).first->second;
}

void Call::wrote(const Bytes& key) const {
  server.touch(link.database, key);
  auto& keys = server.databases[link.database];
  const auto it = keys.find(key);
  if (it == keys.end()) return;
  if (it->second.empty()) return keys.erase(it), void();
  if (it->second.type == Value::Type::list) server.ready_.emplace_back(link.database, key);
}

bool Call::remove(const Bytes& key) const {
  if (find(key) == nullptr) return false;
  server.databases[link.database].erase(key);
  wrote(key);
  return true;
}

ModelRedis::Link* Call::link_of(std::uint64_t id) const {
  const auto it = server.links_.find(id);
  return it == server.links_.end() || it->second->killed ? nullptr : it->second;
}

void Call::park(std::int64_t until) const {
  link.parked = argv;
  link.parked_at = ++server.blocks_;
  link.parked_until = until;
  link.blocked = true;
}

void ModelRedis::unblock(Link& link, BytesView answer) {
  link.pushed.append(answer);
  wake(link);
}

std::size_t Call::publish(const Bytes& channel, const Bytes& message) const {
  std::size_t count = 0;
  for (const auto& [id, other] : server.links_) {
    if (other->killed || !other->channels.contains(channel)) continue;
    ++count;
    Bytes& to = other == &link ? out : other->pushed;
    to += other->resp3 ? ">3\r\n" : "*3\r\n";
    for (const BytesView word : {BytesView("message"), BytesView(channel), BytesView(message)})
      resp::append_bulk(to, word);
  }
  return count;
}

void ModelRedis::wake(Link& link) {
  link.blocked = false;
  link.parked.clear();
  link.resumed = true;
  link.resumed_at = ++wakes_;
}

/// Who waited longest for a list that has got elements takes one, again and again; at the end of a command.
void ModelRedis::serve_blocked() {
  while (!ready_.empty()) {
    const auto [database, key] = *ready_.begin();
    ready_.erase(ready_.begin());
    std::vector<Link*> waiting;
    for (const auto& [id, link] : links_)
      if (link->blocked && !link->killed && link->database == database &&
          std::find(link->parked.begin() + 1, link->parked.end() - 1, key) != link->parked.end() - 1)
        waiting.push_back(link);
    std::sort(waiting.begin(), waiting.end(), [](const Link* a, const Link* b) { return a->parked_at < b->parked_at; });
    for (Link* link : waiting) {
      const Value* value = find(database, key);
      if (value == nullptr || value->type != Value::Type::list) break;
      serve(*link, key);
    }
  }
}

/// What it waits for is there, whatever the other keys of its command hold now.
void ModelRedis::serve(Link& link, const Bytes& key) {
  Bytes answer;
  run(link, "BLPOP", {"BLPOP", key, "0"}, answer);
  unblock(link, answer);
}

void ModelRedis::push(const Bytes& key, const Bytes& value) {
  auto& list = keys().try_emplace(key, Value(Value::Type::list)).first->second.list;
  list.push_back(value);
  touch(0, key);
  ready_.emplace_back(0, key);
  serve_blocked();
  flush_writes();
}

void ModelRedis::time_out() {
  for (auto& [id, link] : links_)
    if (link->blocked && !link->killed && link->parked_until != 0 && clock >= link->parked_until)
      unblock(*link, "*-1\r\n");
}

void ModelRedis::apply(const Writes& writes) {
  for (const Write& write : writes) {
    auto& keys = databases[write.database];
    if (write.value)
      keys[write.key] = *write.value;
    else
      keys.erase(write.key);
    ++versions_[{write.database, write.key}];
  }
}

void ModelRedis::copy_from(const ModelRedis& primary) {
  databases = primary.databases;
  for (const auto& [id, link] : links_)
    for (const auto& [key, version] : link->watched) ++versions_[key];
}

void ModelRedis::demote() {
  replica = true;
  for (auto& [id, link] : links_)
    if (link->blocked && !link->killed)
      unblock(*link,
              "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n");
}

}  // namespace keyshift::simulation
