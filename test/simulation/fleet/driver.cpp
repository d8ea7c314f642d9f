// What the flip in control/ asks for, done over connections of the model.
#include "migration/reserved_name.hpp"
#include "store_talk.hpp"

namespace keyshift::simulation {

using control::FlipAnswer;
using control::FlipAsk;
using Kind = FlipAsk::Kind;

namespace {

std::string field_of(const std::string& info, const std::string& what) {
  const auto at = info.find(what + ":");
  if (at == std::string::npos) return {};
  const auto from = at + what.size() + 1;
  return info.substr(from, info.find('\r', from) - from);
}

}  // namespace

Driver::Driver(Surroundings& around, Bytes name, control::ChangeRequest request)
    : StoreTalk(around, std::move(name)), flip_(std::move(request), [&around] { return around.dice.word(); }) {}

Steps<bool> Driver::run() {
  ask_ = &flip_.begin(around_.now);
  while (ask_->kind != Kind::end) {
    FlipAnswer answer = co_await perform(*ask_);
    ask_ = &flip_.resume(std::move(answer), around_.now);
  }
  co_return true;
}

Steps<FlipAnswer> Driver::perform(FlipAsk ask) {
  FlipAnswer out;
  switch (ask.kind) {
    case Kind::read_record: {
      auto record = co_await read_record();
      if (record)
        out.record = std::move(*record);
      else
        out.trouble = record.error().what;
      break;
    }
    case Kind::read_key: {
      auto key = co_await read_key(node_of(ask.node));
      if (key)
        out.key = std::move(*key);
      else
        out.trouble = key.error().what;
      break;
    }
    case Kind::set_record: {
      const auto set = co_await set_record(ask);
      if (!set) out.trouble = set.error().what;
      out.done = set && *set;
      break;
    }
    case Kind::set_key: {
      const auto set = co_await set_key(node_of(ask.node), ask.seen_key, *ask.change);
      if (!set) out.trouble = set.error().what;
      out.done = set && *set;
      break;
    }
    case Kind::nodes:
      co_await nodes(out);
      break;
    case Kind::look:
    case Kind::kill:
      co_await look_or_kill(std::move(ask), out);
      break;
    case Kind::probe:
      co_await probe(std::move(ask), out);
      break;
    case Kind::tell:
      (void)co_await ask_primary(command("PUBLISH", migration::control_channel_name(), ask.words), 1);
      break;
    case Kind::wait:
      co_await sleep(ask.limit);
      break;
    case Kind::end:
      break;
  }
  co_return out;
}

/// The primary that its address leads to, and the replicas that it names, each asked itself.
Steps<bool> Driver::nodes(FlipAnswer& out) {
  const auto first = co_await ask_primary(command("INFO"), 1);
  if (!first || field_of(first->front().text, "role") != "master") {
    out.trouble = first ? "is no primary now" : first.error().what;
    if (first) channels_["primary"]->close();
    co_return false;
  }
  const std::string info = first->front().text;
  identity_ = out.identity = field_of(info, "run_id") + ":" + field_of(info, "master_replid");
  out.nodes.push_back({"primary", true, {}});  // by its address, as the URL has it, whatever that leads to
  for (int i = 0;; ++i) {
    const std::string line = field_of(info, "slave" + std::to_string(i));
    if (line.empty()) break;
    const auto ip = line.find("ip=") + 3, port = line.find("port=") + 5;
    const std::string name =
        line.substr(ip, line.find(',', ip) - ip) + ":" + line.substr(port, line.find(',', port) - port);
    const auto replica = co_await this->ask(name, node_of(name), command("INFO"), 1);
    control::Node node{name, false, replica ? "" : replica.error().what};
    if (replica && field_of(replica->front().text, "role") != "slave") node.trouble = "is no replica any more";
    if (replica && field_of(replica->front().text, "master_link_status") != "up")
      node.trouble = "is not connected to its primary";
    out.nodes.push_back(std::move(node));
  }
  co_return true;
}

Steps<bool> Driver::probe(FlipAsk ask, FlipAnswer& out) {
  const Bytes token = std::to_string(around_.dice.word()), name = migration::probe_name(token);
  const Time until = around_.now + ask.limit;
  FlipAnswer listed;
  co_await nodes(listed);
  if (!listed.trouble.empty()) {
    out.trouble = listed.trouble;
    co_return false;
  }
  for (const control::Node& node : listed.nodes) {
    if (!node.primary) continue;
    const auto set = co_await this->ask(node.name, node_of(node.name), command("SET", name, token, "PX", "10000"), 1);
    if (!set || set->front().error()) out.trouble = set ? set->front().text : set.error().what;
  }
  for (const control::Node& node : listed.nodes)
    while (out.trouble.empty()) {
      const auto got = co_await this->ask(node.name, node_of(node.name), command("GET", name), 1);
      if (got && got->front().text == token) break;
      if (around_.now >= until) out.trouble = node.name + " does not show what was written at its primary";
      co_await sleep(milliseconds(1));
    }
  co_return out.trouble.empty();
}

Steps<bool> Driver::look_or_kill(FlipAsk ask, FlipAnswer& out) {
  Bytes out_bytes;
  for (const std::uint64_t id : ask.ids) out_bytes += command("CLIENT", "KILL", "ID", std::to_string(id));
  const bool look = ask.kind == Kind::look;
  if (look) out_bytes = command("CLIENT", "LIST");
  const auto done = co_await this->ask(ask.node, node_of(ask.node), std::move(out_bytes), look ? 1 : ask.ids.size());
  if (!done) {
    out.trouble = done.error().what;
    co_return false;
  }
  if (look) out.clients = done->front().text;
  if (!look) kills += ask.ids.size();
  co_return true;
}

}  // namespace keyshift::simulation
