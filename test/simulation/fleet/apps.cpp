#include "apps.hpp"

#include <algorithm>

#include "resp/encode.hpp"

namespace keyshift::simulation {
namespace {

constexpr BytesView kDropped = "did not run";
const char* const kPatience[] = {"0.05", "0.4", "3"};
constexpr std::uint32_t kLives = 1000;  // connections of one app have numbers of their own

history::Reply seen(const resp::Reply& reply) {
  using Kind = history::Reply::Kind;
  history::Reply out;
  if (reply.null()) return out;
  if (reply.error()) {
    out.kind = Kind::error;
    out.text = reply.text.substr(0, reply.text.find(' '));
  } else if (reply.aggregate()) {
    out.kind = Kind::array;
    for (const resp::Reply& element : reply.elements) out.elements.push_back(seen(element));
  } else if (reply.type == ':') {
    out.kind = Kind::integer;
    out.number = reply.integer;
  } else {
    out.kind = reply.type == '+' ? Kind::status : Kind::text;
    out.text = reply.text;
  }
  return out;
}

Bytes encoded(const Words& argv) {
  Bytes out;
  const std::vector<BytesView> views(argv.begin(), argv.end());
  resp::append_command(out, views);
  return out;
}

}  // namespace

void App::join(ProxyProcess& proxy, std::int32_t which) {
  proxy_ = &proxy;
  which_ = which;
  client_ = &proxy.connect();
  ++lives_;
  framer_ = resp::ReplyFramer();
  part_.clear();
}

void App::forget_outcome(std::size_t operation, const Bytes& why) {
  history_[operation].end = history::never;
  history_[operation].replies.clear();
  history_[operation].note = why;
  ++unknown;
}

void App::drop(std::size_t operation, const Bytes& why) {
  history_[operation].note = Bytes(kDropped) + ": " + why;
  ++refused;
}

void App::lost() {
  for (const Pending& pending : pending_) forget_outcome(pending.operation, "connection lost");
  pending_.clear();
  proxy_ = nullptr;
  client_ = nullptr;
}

void App::act(history::Instant now) {
  const auto all = records();
  const Bytes value = std::to_string(number_) + "." + std::to_string(++values_) + " ";
  const Bytes &key = all[dice_.pick(2)].app, &other = all[dice_.pick(2)].app, &list = all[2].app;
  switch (dice_.pick(16)) {
    case 0:
    case 1:
      return send({{"SET", key, value}}, false, now);
    case 2:
    case 3:
    case 4:
      return send({{"APPEND", key, value}}, false, now);
    case 5:
      return send({{"DEL", key}}, false, now);
    case 6:
      return send({{"GETDEL", key}}, false, now);
    case 7:
      return send({{"MGET", key, joins_ ? other : key}}, false, now);
    case 8:
    case 9:
      return send({{"GET", key}, {"APPEND", joins_ ? other : key, value}}, true, now);
    case 10:
    case 11:
      return send({{"RPUSH", list, value}}, false, now);
    case 12:
      if (under_way() == 0) return send({{"BLPOP", list, kPatience[dice_.pick(3)]}}, false, now);
      [[fallthrough]];
    default:
      return send({{"GET", key}}, false, now);
  }
}

void App::send(std::vector<Words> commands, bool transaction, history::Instant now) {
  Bytes bytes;
  if (transaction) bytes += encoded({"MULTI"});
  for (const Words& argv : commands) bytes += encoded(argv);
  if (transaction) bytes += encoded({"EXEC"});
  history::Operation operation;
  operation.client = number_ * kLives + lives_;
  operation.proxy = which_;
  operation.begin = now;
  operation.commands = std::move(commands);
  operation.transaction = transaction;
  operation.line = history_.size() + 1;
  pending_.push_back({history_.size(), transaction ? operation.commands.size() + 2 : 1, false, {}});
  history_.push_back(std::move(operation));
  proxy_->send(*client_, bytes);
}

bool App::take(history::Instant now) {
  const Bytes got = std::exchange(client_->got, Bytes());
  BytesView bytes = got;
  while (!bytes.empty() && !pending_.empty()) {
    const auto fed = framer_.feed(bytes);
    part_.append(bytes.substr(0, fed.taken));
    bytes.remove_prefix(fed.taken);
    if (fed.step != resp::ReplyFramer::Step::whole) break;
    const auto reply = resp::parse_reply(std::exchange(part_, Bytes()));
    Pending& pending = pending_.front();
    if (history_[pending.operation].transaction && reply) pending.said += reply->text + "; ";
    // A MULTI that is refused lets what is behind it run by itself.
    const bool first = pending.replies == history_[pending.operation].commands.size() + 2;
    if (first && reply && reply->text != "OK") pending.broken = true;
    if (--pending.replies > 0) continue;
    if (reply) answered(pending, *reply, now);
    pending_.pop_front();
  }
  return !client_->closed;
}

void App::answered(Pending& pending, const resp::Reply& reply, history::Instant now) {
  history::Operation& operation = history_[pending.operation];
  if (pending.broken) return forget_outcome(pending.operation, "MULTI was refused");
  if (operation.transaction && reply.error_is("ERR") && reply.text.find("without MULTI") != Bytes::npos) {
    ++loose;
    return forget_outcome(pending.operation, pending.said);
  }
  if (reply.error()) {
    const bool unknown_outcome = reply.text.find("unknown") != Bytes::npos;
    return unknown_outcome ? forget_outcome(pending.operation, reply.text) : drop(pending.operation, reply.text);
  }
  operation.end = now;
  if (operation.commands[0][0] == "BLPOP") {
    if (reply.null()) return drop(pending.operation, "nil");  // nothing came in time
    operation.commands[0] = {"LPOP", operation.commands[0][1]};
    operation.replies = {seen(reply.elements.back())};
    return;
  }
  if (!operation.transaction) {
    operation.replies = {seen(reply)};
    return;
  }
  if (reply.null()) return drop(pending.operation, "nil");
  if (reply.elements.size() != operation.commands.size()) return forget_outcome(pending.operation, "half a reply");
  for (const resp::Reply& element : reply.elements) {
    if (element.error()) return forget_outcome(pending.operation, element.text);
    operation.replies.push_back(seen(element));
  }
}

history::History without_dropped(const history::History& history) {
  history::History out;
  for (const history::Operation& operation : history) {
    if (operation.note.starts_with(kDropped)) continue;
    out.push_back(operation);
    // What a command that waits takes, it takes like LPOP; whether it took something is not known.
    auto& argv = out.back().commands[0];
    if (argv[0] == "BLPOP") argv = {"LPOP", argv[1]};
  }
  return out;
}

}  // namespace keyshift::simulation
