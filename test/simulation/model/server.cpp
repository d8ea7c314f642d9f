#include "call.hpp"

namespace keyshift::simulation {
namespace {

using Link = ModelRedis::Link;

void ping(const Call& c) {
  if (c.argv.size() == 1) return c.out.append("+PONG\r\n"), void();
  c.bulk(&c.word(1));
}
void echo(const Call& c) { c.bulk(&c.word(1)); }

void select(const Call& c) {
  const auto n = number_in(c.word(1));
  if (!n) return c.error("ERR value is not an integer or out of range");
  if (*n < 0 || *n > 15) return c.error("ERR DB index is out of range");
  c.link.database = static_cast<int>(*n);
  c.ok();
}

/// False: answered by an error.
bool log_in(const Call& c, const Bytes& user, const Bytes& given) {
  if (!c.server.password.empty() && given != c.server.password) {
    c.error("WRONGPASS invalid username-password pair or user is disabled.");
    return false;
  }
  c.link.user = user;
  return true;
}

void auth(const Call& c) {
  if (log_in(c, c.argv.size() == 3 ? c.word(1) : "default", c.argv.back())) c.ok();
}

void greet(const Call& c) {
  const Link& link = c.link;
  c.out += link.resp3 ? "%7\r\n" : "*14\r\n";
  const auto text = [&c](const Bytes& field, const Bytes& value) {
    c.bulk(&field);
    c.bulk(&value);
  };
  const Bytes proto = "proto", id = "id", modules = "modules";
  text("server", "redis");
  text("version", "7.0.15");
  c.bulk(&proto);
  c.number(link.resp3 ? 3 : 2);
  c.bulk(&id);
  c.number(static_cast<long long>(link.id));
  text("mode", "standalone");
  text("role", c.server.replica ? "replica" : "master");
  c.bulk(&modules);
  c.array(0);
}

void hello(const Call& c) {
  Link& link = c.link;
  if (c.argv.size() > 1 && c.word(1) != "2" && c.word(1) != "3")
    return c.error(number_in(c.word(1)) ? "NOPROTO unsupported protocol version"
                                        : "ERR Protocol version is not an integer or out of range");
  const Bytes* name = nullptr;
  for (std::size_t i = 2; i < c.argv.size(); ++i) {
    const Bytes option = upper(c.word(i));
    if (option == "AUTH" && i + 2 < c.argv.size()) {
      if (!log_in(c, c.word(i + 1), c.word(i + 2))) return;
      i += 2;
    } else if (option == "SETNAME" && i + 1 < c.argv.size()) {
      name = &c.word(++i);
    } else {
      return c.error("ERR Syntax error in HELLO option '" + c.word(i) + "'");
    }
  }
  if (link.user.empty())
    return c.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
        "<user> <pass> option can be used to authenticate the client and select the RESP protocol version "
        "at the same time");
  if (name != nullptr) link.name = *name;
  if (c.argv.size() > 1) link.resp3 = c.word(1) == "3";
  greet(c);
}

Bytes client_line(const Link& link) {
  const Bytes flags = link.blocked ? "b" : link.multi ? "x" : "N";
  return "id=" + std::to_string(link.id) + " addr=10.0.0.1:5 laddr=10.0.0.9:1 fd=8 name=" + link.name +
         " age=9 idle=0 flags=" + flags + " db=" + std::to_string(link.database) + " sub=0 cmd=get user=" + link.user +
         "\n";
}

void client_list(const Call& c) {
  const bool by_id = c.argv.size() > 3 && upper(c.word(2)) == "ID";
  Bytes text;
  if (!by_id)
    for (const auto& [id, link] : c.server.links()) text += link->killed ? Bytes() : client_line(*link);
  for (std::size_t i = 3; by_id && i < c.argv.size(); ++i)
    if (const Link* link = c.link_of(std::strtoull(c.word(i).c_str(), nullptr, 10))) text += client_line(*link);
  c.bulk(&text);
}

void client_unblock(const Call& c) {
  Link* link = c.link_of(std::strtoull(c.word(2).c_str(), nullptr, 10));
  if (link == nullptr || !link->blocked) return c.number(0);
  const bool error = c.argv.size() > 3 && upper(c.word(3)) == "ERROR";
  c.unblock(*link, error ? "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n" : "*-1\r\n");
  c.number(1);
}

void client_kill(const Call& c) {
  if (c.argv.size() < 4 || upper(c.word(2)) != "ID") return c.error("ERR syntax error");
  const Link* link = c.link_of(std::strtoull(c.word(3).c_str(), nullptr, 10));
  if (link == nullptr) return c.number(0);
  c.server.kill(link->id);
  c.number(1);
}

void client(const Call& c) {
  const Bytes sub = upper(c.word(1));
  if (sub == "LIST") return client_list(c);
  if (sub == "UNBLOCK" && c.argv.size() > 2) return client_unblock(c);
  if (sub == "KILL") return client_kill(c);
  if (sub == "ID") return c.number(static_cast<long long>(c.link.id));
  if (sub == "GETNAME") return c.bulk(c.link.name.empty() ? nullptr : &c.link.name);
  if (sub == "SETNAME" && c.argv.size() == 3) c.link.name = c.word(2);
  c.ok();
}

void info(const Call& c) {
  const ModelRedis& s = c.server;
  Bytes text = "run_id:" + s.run_id + "\r\nmaster_replid:" + s.replid + "\r\nrole:" + (s.replica ? "slave" : "master") +
               "\r\nloading:0\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\nmaster_link_status:" +
               (s.replica_up ? "up" : "down") + "\r\nconnected_slaves:" + std::to_string(s.replicas.size()) + "\r\n";
  for (std::size_t i = 0; i < s.replicas.size(); ++i) {
    const Bytes& name = s.replicas[i];
    const auto colon = name.rfind(':');
    text += "slave" + std::to_string(i) + ":ip=" + name.substr(0, colon) + ",port=" + name.substr(colon + 1) +
            ",state=online,offset=1,lag=0\r\n";
  }
  c.bulk(&text);
}

void role(const Call& c) {
  const Bytes name = c.server.replica ? "slave" : "master";
  c.array(2);
  c.bulk(&name);
  c.number(0);
}

void command(const Call& c) { c.out += "*1\r\n*-1\r\n"; }
void wait(const Call& c) {
  c.number(c.server.replicas_in_step ? static_cast<long long>(c.server.replicas_in_step()) : 0);
}
void publish(const Call& c) { c.number(static_cast<long long>(c.publish(c.word(1), c.word(2)))); }

void subscribe(const Call& c) {
  const Bytes kind = "subscribe";
  for (std::size_t i = 1; i < c.argv.size(); ++i) {
    c.link.channels.insert(c.word(i));
    c.out += c.link.resp3 ? ">3\r\n" : "*3\r\n";
    c.bulk(&kind);
    c.bulk(&c.word(i));
    c.number(static_cast<long long>(c.link.channels.size()));
  }
}

constexpr Row kRows[] = {
    {"PING", -1, false, ping}, {"ECHO", 2, false, echo},       {"SELECT", 2, false, select},
    {"AUTH", -2, false, auth}, {"HELLO", -1, false, hello},    {"CLIENT", -2, false, client},
    {"INFO", -1, false, info}, {"ROLE", 1, false, role},       {"COMMAND", -1, false, command},
    {"WAIT", 3, false, wait},  {"PUBLISH", 3, false, publish}, {"SUBSCRIBE", -2, false, subscribe},
};

}  // namespace

std::span<const Row> server_rows() { return kRows; }

}  // namespace keyshift::simulation
