// The rows against the COMMAND of a real server: arity, flags, key specs, subcommands, where the keys of requests are.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "redis_server.hpp"
#include "resp/commands/row_notation.hpp"
#include "resp/commands/table.hpp"
#include "unit/commands/requests.hpp"

namespace keyshift::commands {
namespace {

using contract::RedisServer;
using resp::Reply;

/// Not in COMMAND, so nothing to compare: said by clients that are none, or of the vendor's cloud alone.
const std::set<std::string_view> kNotInCommand = {"HOST:", "POST", "SFLUSH"};

/// One entry of the server's COMMAND: what the rows are held against.
struct Truth {
  Bytes name;
  std::int64_t arity;
  std::uint32_t flags;
  const Reply* specs;
};

void collect(const Reply& entry, std::map<Bytes, Truth>& into) {
  Bytes name = upper(entry.elements[0].text);
  for (char& c : name)
    if (c == '|') c = ' ';
  std::uint32_t flags = 0;
  for (const Reply& word : entry.elements[2].elements) {
    if (word.text == "module") continue;  // Redis 8 has its vector sets from a module that is built in
    std::uint32_t bit = 0;
    for (const notation::FlagName& f : notation::flag_names)
      if (word.text == f.name) bit = f.bit;
    CHECK_MESSAGE(bit != 0, name << " has a flag that we do not know: " << word.text);
    flags |= bit;
  }
  into[name] = {name, entry.elements[1].integer, flags, &entry.elements[8]};
  for (const Reply& sub : entry.elements[9].elements) collect(sub, into);
}

const Reply* member(const Reply& map, BytesView name) {
  for (std::size_t i = 0; i + 1 < map.elements.size(); i += 2)
    if (map.elements[i].text == name) return &map.elements[i + 1];
  return nullptr;
}

std::int64_t number_in(const Reply* map, BytesView name) {
  const Reply* const found = map ? member(*map, name) : nullptr;
  return found ? found->integer : 0;
}

/// A key spec in one line of text, from the server and from a row, so that a difference can be read.
Bytes line(const Reply& spec) {
  Bytes out;
  std::set<Bytes> flags;
  for (const Reply& f : member(spec, "flags")->elements) flags.insert(f.text);
  for (const Bytes& f : flags) out += f + " ";
  const Reply& begin = *member(spec, "begin_search");
  const Reply& find = *member(spec, "find_keys");
  const Reply* const where = member(begin, "spec");
  const Reply* const what = member(find, "spec");
  const Bytes begin_type = member(begin, "type")->text, find_type = member(find, "type")->text;
  out += "| " + begin_type;
  if (begin_type == "index") out += " " + std::to_string(number_in(where, "index"));
  if (begin_type == "keyword")
    out += " " + member(*where, "keyword")->text + " " + std::to_string(number_in(where, "startfrom"));
  out += " | " + find_type;
  const char* const fields[][3] = {{"lastkey", "keystep", "limit"}, {"keynumidx", "firstkey", "keystep"}};
  if (find_type != "unknown")
    for (const char* field : fields[find_type == "keynum"]) out += " " + std::to_string(number_in(what, field));
  return out;
}

Bytes line(const KeySpec& spec) {
  const std::pair<unsigned, const char*> names[] = {{kRO, "RO"},
                                                    {kRW, "RW"},
                                                    {kOW, "OW"},
                                                    {kRM, "RM"},
                                                    {kAccess, "access"},
                                                    {kUpdate, "update"},
                                                    {kInsert, "insert"},
                                                    {kDelete, "delete"},
                                                    {kNotKey, "not_key"},
                                                    {kIncomplete, "incomplete"},
                                                    {kVariable, "variable_flags"}};
  std::set<Bytes> flags;
  for (const auto& [bit, name] : names)
    if ((spec.flags & bit) != 0) flags.insert(name);
  Bytes out;
  for (const Bytes& f : flags) out += f + " ";
  const bool unknown = spec.begin == KeySpec::Begin::unknown;
  if (unknown) return out + "| unknown | unknown";
  out += spec.begin == KeySpec::Begin::index ? "| index " : "| keyword " + Bytes(spec.keyword) + " ";
  out += std::to_string(spec.start);
  if (spec.find == KeySpec::Find::keynum)
    return out + " | keynum " + std::to_string(spec.keynum) + " " + std::to_string(spec.first) + " " +
           std::to_string(spec.step);
  return out + " | range " + std::to_string(spec.last) + " " + std::to_string(spec.step) + " " +
         std::to_string(spec.limit);
}

/// True when a server of `version` (major * 100 + minor) should have the row.
bool expected(const Command& row, int version) {
  return !row.valkey && row.first_version[0] * 100 + row.first_version[1] <= version;
}

int version_of(RedisServer& server) {
  const Bytes info = server.ask({"INFO", "server"}).text;
  const auto at = info.find("redis_version:");
  REQUIRE(at != Bytes::npos);
  int major = 0, minor = 0;
  REQUIRE(std::sscanf(info.c_str() + at, "redis_version:%d.%d", &major, &minor) == 2);
  return major * 100 + minor;
}

/// What later versions of the server may not change, since decisions rest on it: where keys are.
Bytes places(const Bytes& line) { return line.substr(line.find('|')); }

TEST_CASE("the rows are the server's own: arity, flags, key specs, none missing, none invented") {
  const auto server = RedisServer::start();
  if (!server) return;
  const int version = version_of(*server);
  const Reply reply = server->ask({"COMMAND"});
  REQUIRE(reply.elements.size() > 200);
  std::map<Bytes, Truth> truth;
  for (const Reply& entry : reply.elements) collect(entry, truth);
  const Table table;
  for (const Command* row : table.all()) {
    const auto found = truth.find(Bytes(row->name));
    if (found == truth.end()) {
      const bool known_absence = !expected(*row, version) || kNotInCommand.contains(row->name);
      CHECK_MESSAGE(known_absence, row->name << " is in the table and not at the server");
      continue;
    }
    const Truth& t = found->second;
    // The rows are those of Redis 7.0. Later versions gave old commands other flags and further arguments.
    const bool exact = version == 700;
    const std::uint32_t compared = exact ? kMayDelete - 1 : static_cast<std::uint32_t>(kWrite);
    if (exact) CHECK_MESSAGE(row->arity == t.arity, row->name);
    CHECK_MESSAGE((row->flags & compared) == (t.flags & compared), row->name);
    CHECK_MESSAGE(row->specs().size() == t.specs->elements.size(), row->name);
    for (std::size_t i = 0; i < std::min(row->specs().size(), t.specs->elements.size()); ++i)
      CHECK_MESSAGE((exact ? line(row->specs()[i]) : places(line(row->specs()[i]))) ==
                        (exact ? line(t.specs->elements[i]) : places(line(t.specs->elements[i]))),
                    row->name);
    truth.erase(found);
  }
  for (const auto& [name, t] : truth) CHECK_MESSAGE(name.empty(), name << " is at the server and not in the table");
}

TEST_CASE("nothing is left to learn from a server whose commands are all known") {
  const auto server = RedisServer::start();
  if (!server) return;
  Table table;
  const auto learnt = table.learn(server->ask({"COMMAND"}));
  REQUIRE(learnt.has_value());
  CHECK(*learnt == 0);
}

const char* const kKeyRequests[] = {
#include "key_requests.inc"
};

/// "name:RW name:RO", names sorted by their place in the request: what COMMAND GETKEYSANDFLAGS says, "" for an error.
std::multiset<Bytes> server_keys(RedisServer& server, const std::vector<Bytes>& request) {
  std::vector<Bytes> ask = {"COMMAND", "GETKEYSANDFLAGS"};
  ask.insert(ask.end(), request.begin(), request.end());
  std::multiset<Bytes> keys;
  for (const Reply& key : server.ask(ask).elements) {
    Bytes access = "?";
    for (const Reply& flag : key.elements[1].elements)
      if (flag.text.size() == 2) access = flag.text == "OW" ? "RW" : flag.text;  // versions differ in which of the two
    keys.insert(key.elements[0].text + ":" + access);
  }
  return keys;
}

std::multiset<Bytes> table_keys(const Table& table, const std::vector<Bytes>& request) {
  const std::vector<BytesView> argv(request.begin(), request.end());
  const Command* const row = table.find(argv);
  KeyList keys;
  std::multiset<Bytes> out;
  if (!row || !Table::keys(*row, argv, keys)) return out;
  for (const KeyAt& k : keys.keys()) {
    const char* const access = (k.access & kRO) != 0 ? "RO" : (k.access & (kRW | kOW)) != 0 ? "RW" : "RM";
    out.insert(request[k.index] + ":" + access);
  }
  return out;
}

Bytes joined(const std::multiset<Bytes>& keys) {
  Bytes out;
  for (const Bytes& key : keys) out += key + " ";
  return out;
}

TEST_CASE("the server and the table see the same keys in the same requests") {
  const auto server = RedisServer::start();
  if (!server) return;
  const Table table;
  for (const char* text : kKeyRequests) {
    const auto request = test::words(text);
    CHECK_MESSAGE(joined(table_keys(table, request)) == joined(server_keys(*server, request)), Bytes(text));
  }
}

}  // namespace
}  // namespace keyshift::commands
