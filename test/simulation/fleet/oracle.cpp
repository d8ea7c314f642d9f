#include "oracle.hpp"

#include <cstdio>

#include "control/connection_name.hpp"

namespace keyshift::simulation {
namespace {

constexpr int kBeside = -1;  ///< the database of what only the oracle knows
const Bytes kEra = "era";

Bytes name_of(std::size_t record) { return "record" + std::to_string(record); }

/// Which record a key is a form of.
std::optional<std::size_t> record_of(BytesView key) {
  static const auto all = records();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (key == all[i].from || key == all[i].to) return i;
  return std::nullopt;
}

Bytes shown(const std::optional<Value>& value) {
  if (!value) return "nothing";
  Bytes out = value->text;
  for (const Bytes& element : value->list) out += " " + element;
  return "'" + out + "'";
}

}  // namespace

std::vector<Record> records() {
  std::vector<Record> out;
  for (const char* id : {"0", "1", "list"}) {
    const Bytes from = Bytes("user:") + id;
    out.push_back({from, from, "{" + from + "}:profile"});
  }
  return out;
}

void Oracle::watch(Node& node) {
  node.redis.on_execute = [this, &node](ModelRedis::Link& link, const Words& argv) { executed(node, link, argv); };
}

void Oracle::note(const control::Change& change) {
  if (trace)
    std::printf("%s %s era %llu %s\n", change.hold ? "hold" : "serve", control::text(change.id).c_str(),
                static_cast<unsigned long long>(change.era),
                change.runs.empty() ? "" : Bytes(control::name(change.runs[0].phase)).c_str());
  eras_[{change.id.epoch, change.id.word}] = change.era;
  highest_ = std::max(highest_, change.era);
}

void Oracle::say(Bytes what) {
  if (wrong_.empty()) wrong_ = std::move(what);
}

std::optional<Value> Oracle::truth(Node& node, std::size_t record) {
  const auto& beside = node.redis.databases[kBeside];
  const auto it = beside.find(name_of(record));
  return it == beside.end() ? std::nullopt : std::optional<Value>(it->second);
}

void Oracle::set_truth(Node& node, std::size_t record, const std::optional<Value>& value) {
  if (value)
    node.redis.put(kBeside, name_of(record), *value);
  else
    node.redis.drop(kBeside, name_of(record));
}

void Oracle::executed(Node& node, const ModelRedis::Link& link, const Words& argv) {
  if (argv.size() < 2) return;
  const auto record = record_of(argv[1]);
  if (!record) return;
  const Bytes name = upper(argv[0]);
  if (trace) {
    const Value* found = node.redis.find(0, argv[1]);
    std::printf("%s %s %lld: [%s %s] %s %s%s, there: %s\n", node.name.c_str(),
                node.redis.replica ? "replica" : "primary", static_cast<long long>(node.redis.clock),
                std::to_string(link.id).c_str(), link.name.c_str(), argv[0].c_str(), argv[1].c_str(),
                argv.size() > 2 ? (" " + argv[2]).c_str() : "", found == nullptr ? "nothing" : found->text.c_str());
  }
  // A look at an empty list is none at a record; who is served later is seen then.
  if (name == "BLPOP" && node.redis.find(0, argv[1]) == nullptr) return;
  in_order(node, link, argv);
  if (name == "RENAMENX" || name == "WATCH") return;
  ++commands_;
  if (!node.redis.replica) follow(node, *record, name, argv);
}

void Oracle::in_order(Node& node, const ModelRedis::Link& link, const Words& argv) {
  const auto name = control::connection_name_of(link.name);
  if (!name || name->carries != control::Carries::records)
    return say(argv[0] + " " + argv[1] + " ran on a connection that is called '" + link.name + "'");
  const auto era = eras_.find({name->id.epoch, name->id.word});
  if (era == eras_.end()) return say("nobody wrote the change that " + link.name + " is named by");
  // On a replica only reads run: they may be of before what it shows.
  if (node.redis.replica) return;
  const auto& beside = node.redis.databases[kBeside];
  const auto it = beside.find(kEra);
  const std::uint64_t seen = it == beside.end() ? 0 : std::stoull(it->second.text);
  if (era->second < seen)
    say(argv[0] + " " + argv[1] + " of " + link.name + ", era " + std::to_string(era->second) +
        ", ran behind a command of era " + std::to_string(seen) + " on " + node.name);
  if (era->second > seen) node.redis.put(kBeside, kEra, Value(std::to_string(era->second)));
}

void Oracle::follow(Node& node, std::size_t record, const Bytes& name, const Words& argv) {
  const bool blind = name == "SET";
  const bool writes =
      blind || name == "APPEND" || name == "DEL" || name == "GETDEL" || name == "RPUSH" || name == "BLPOP";
  if (!writes) return;
  auto truth = Oracle::truth(node, record);
  const Value* found = node.redis.find(0, argv[1]);
  const std::optional<Value> seen = found == nullptr ? std::nullopt : std::optional<Value>(*found);
  if (!blind && seen != truth && values)
    say(name + " " + argv[1] + " met " + shown(seen) + ", the record is " + shown(truth) + " on " + node.name);
  if (name == "SET") truth = Value(argv[2]);
  if (name == "APPEND") truth = Value((truth ? truth->text : Bytes()) + argv[2]);
  if (name == "DEL" || name == "GETDEL") truth.reset();
  if (name == "RPUSH") {
    if (!truth) truth = Value(Value::Type::list);
    truth->list.insert(truth->list.end(), argv.begin() + 2, argv.end());
  }
  if (name == "BLPOP" && truth && !truth->list.empty()) truth->list.pop_front();
  if (truth && truth->empty()) truth.reset();
  set_truth(node, record, truth);
}

}  // namespace keyshift::simulation
