// What a flip asks for, done over connections.
// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "driver/fleet_state.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"
#include "store/server_info.hpp"

#ifdef KEYSHIFT_PLANTED
#include "base/planted.hpp"
#endif

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

using control::ChangeId;
using control::FlipAnswer;
using control::FlipAsk;
using State = FleetStore::State;

constexpr Duration kBetweenReads = milliseconds(1);
constexpr const char* kAuditLength = "10000";
constexpr const char* kProbeMillis = "10000";

asio::awaitable<void> sleep(State& state, Duration how_long) {
  asio::steady_timer timer(state.executor, how_long);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

/// `commands` at `node`; a reply that is an error of Redis is one here, too.
asio::awaitable<Result<std::vector<resp::Reply>>> ask_all(State& state, std::string node, Bytes commands,
                                                          std::size_t replies) {
  const auto connection = co_await state.connection(std::move(node));
  if (!connection) co_return connection.error();
  auto got = co_await (*connection)->ask(std::move(commands), replies);
  if (!got) co_return got.error();
  for (const resp::Reply& reply : *got)
    if (reply.error()) co_return fail(ErrorCode::store, reply.text);
  co_return got;
}

/// One command as bytes. (Lists in braces inside a coroutine are more than g++ 12 can take.)
template <class... Argument>
Bytes command(const Argument&... argv) {
  Bytes out;
  resp::append_command(out, {BytesView(argv)...});
  return out;
}

Bytes command_of(const std::vector<Bytes>& argv) {
  Bytes out;
  const std::vector<BytesView> views(argv.begin(), argv.end());
  resp::append_command(out, views);
  return out;
}

/// The writes of a compare-and-set whose WATCH has been answered. False: something had changed meanwhile.
asio::awaitable<Result<bool>> exec(State& state, std::string node, std::vector<std::vector<Bytes>> writes) {
  Bytes commands = command("MULTI");
  for (const auto& write : writes) commands += command_of(write);
  commands += command("EXEC");
  const auto replies = co_await ask_all(state, std::move(node), std::move(commands), writes.size() + 2);
  if (!replies) co_return replies.error();
  const resp::Reply& done = replies->back();
  if (done.null()) co_return false;
  // The first write is the one that counts; nothing behind it can undo it.
  if (done.elements.empty() || done.elements.front().error())
    co_return fail(ErrorCode::store, done.elements.empty() ? "EXEC gave nothing" : done.elements.front().text);
  co_return true;
}

std::vector<std::vector<Bytes>> writes_of(const FlipAsk& ask) {
  std::vector<std::vector<Bytes>> out{{"HSET", migration::control_record_name()}};
  if (ask.cur) out[0].insert(out[0].end(), {Bytes(control::kCurField), control::encode(*ask.cur)});
  if (ask.next) out[0].insert(out[0].end(), {Bytes(control::kNextField), control::encode(*ask.next)});
  if (ask.audit.empty()) return out;
  out.push_back({"XADD", migration::audit_name(), "MAXLEN", "~", kAuditLength, "*"});
  for (const auto& [field, value] : ask.audit) out[1].insert(out[1].end(), {field, value});
  return out;
}

asio::awaitable<Result<bool>> given_up(State& state, std::string node) {
  const auto unwatched = co_await ask_all(state, std::move(node), command("UNWATCH"), 1);
  if (!unwatched) co_return unwatched.error();
  co_return false;
}

asio::awaitable<Result<bool>> set_record(State& state, const FlipAsk& ask) {
  const Bytes name = migration::control_record_name(), mark = migration::backup_mark_name();
  const std::string node = state.primary_name();
  const auto seen =
      co_await ask_all(state, node,
                       command("WATCH", name, mark) + command("INFO", "server") + command("INFO", "replication") +
                           command("HGETALL", name) + command("GET", mark),
                       5);
  if (!seen) co_return seen.error();
  if (ask.heed_backup && !(*seen)[4].null()) {
    const auto left = co_await given_up(state, node);
    if (!left) co_return left.error();
    co_return fail(ErrorCode::gate, "a backup is being taken by " + printable((*seen)[4].text));
  }
  const std::string info = (*seen)[1].text + "\n" + (*seen)[2].text;
  const std::string identity =
      std::string(store::info_field(info, "run_id")) + ":" + std::string(store::info_field(info, "master_replid"));
  std::vector<BytesView> fields;
  for (const resp::Reply& field : (*seen)[3].elements) fields.emplace_back(field.text);
  const auto record = control::read_record(fields);
  if (!record) co_return record.error();
  const bool same = (*record ? (*record)->cur.id : ChangeId{}) == ask.seen_cur &&
                    (*record ? (*record)->next.id : ChangeId{}) == ask.seen_next &&
                    (ask.identity.empty() || ask.identity == identity) && store::info_field(info, "role") == "master";
  if (!same) co_return co_await given_up(state, node);
  co_return co_await exec(state, node, writes_of(ask));
}

asio::awaitable<Result<void>> probe(State& state, Duration limit) {
  const Bytes token = std::to_string(random_word()), name = migration::probe_name(token);
  const Time until = std::chrono::steady_clock::now() + limit;
  const auto nodes = co_await list_nodes(state);
  if (!nodes) co_return nodes.error();
  for (const control::Node& node : nodes->nodes)
    if (node.primary) {
      const auto set = co_await ask_all(state, node.name, command("SET", name, token, "PX", kProbeMillis), 1);
      if (!set) co_return fail(ErrorCode::store, node.name + ": " + set.error().what);
    }
  for (const control::Node& node : nodes->nodes)
    for (;;) {
      const auto got = co_await ask_all(state, node.name, command("GET", name), 1);
      if (got && got->front().text == token) break;
      if (std::chrono::steady_clock::now() >= until)
        co_return fail(ErrorCode::store, node.name + " did not show within " + std::to_string(limit / milliseconds(1)) +
                                             " ms what was written at its primary" +
                                             (got ? std::string() : " (" + got.error().what + ")"));
      co_await sleep(state, kBetweenReads);
    }
  co_return Result<void>();
}

asio::awaitable<Result<void>> kill(State& state, std::string node, std::vector<std::uint64_t> ids) {
#ifdef KEYSHIFT_PLANTED
  if (planted("unkilled")) co_return Result<void>();
#endif
  Bytes commands;
  for (const std::uint64_t id : ids) commands += command("CLIENT", "KILL", "ID", std::to_string(id));
  const auto killed = co_await ask_all(state, std::move(node), std::move(commands), ids.size());
  if (!killed) co_return killed.error();
  co_return Result<void>();
}

template <class T>
void fill(FlipAnswer& answer, const Result<T>& result) {
  if (!result) answer.trouble = result.error().what.empty() ? "failed" : result.error().what;
}

asio::awaitable<void> perform_record(State& state, const FlipAsk& ask, FlipAnswer& out) {
  if (ask.kind == FlipAsk::Kind::read_record) {
    auto record = co_await read_record_at(state);
    fill(out, record);
    if (record) out.record = std::move(*record);
    co_return;
  }
  const auto set = co_await set_record(state, ask);
  fill(out, set);
  out.done = set && *set;
}

asio::awaitable<void> perform_key(State& state, const FlipAsk& ask, FlipAnswer& out) {
  if (ask.kind == FlipAsk::Kind::read_key) {
    auto key = co_await read_key_at(state, ask.node);
    fill(out, key);
    if (key) out.key = std::move(*key);
    co_return;
  }
  const auto set = co_await set_key_at(state, ask.node, ask.seen_key, *ask.change);
  fill(out, set);
  out.done = set && *set;
}

asio::awaitable<void> perform_nodes(State& state, const FlipAsk& ask, FlipAnswer& out) {
  if (ask.kind == FlipAsk::Kind::nodes) {
    auto nodes = co_await list_nodes(state);
    fill(out, nodes);
    if (!nodes) co_return;
    out.nodes = std::move(nodes->nodes);
    out.identity = std::move(nodes->identity);
    co_return;
  }
  const auto list = co_await ask_all(state, ask.node, command("CLIENT", "LIST"), 1);
  fill(out, list);
  if (list) out.clients = list->front().text;
}

}  // namespace

asio::awaitable<Result<std::optional<control::Change>>> read_key_at(State& state, std::string node) {
  const auto got = co_await ask_all(state, std::move(node), command("GET", migration::epoch_key_name()), 1);
  if (!got) co_return got.error();
  if (got->front().null()) co_return std::optional<control::Change>();
  auto change = control::read_change(got->front().text);
  if (!change)
    co_return fail(ErrorCode::control, "its epoch key: " + change.error().what + ". Look with `keyshift repair`");
  co_return std::optional<control::Change>(std::move(*change));
}

asio::awaitable<Result<bool>> set_key_at(State& state, std::string node, ChangeId seen, const control::Change& change) {
  const Bytes name = migration::epoch_key_name();
  const auto before = co_await ask_all(state, node, command("WATCH", name) + command("GET", name), 2);
  if (!before) co_return before.error();
  const resp::Reply& there = before->back();
  const auto id = there.null() ? std::optional(ChangeId{}) : control::read_change_id(there.text);
  if (id != seen) {
    const auto given_up = co_await ask_all(state, node, command("UNWATCH"), 1);
    if (!given_up) co_return given_up.error();
    co_return false;
  }
  std::vector<std::vector<Bytes>> writes(1);
  writes[0].push_back("SET");
  writes[0].push_back(name);
  writes[0].push_back(control::encode(change));
  co_return co_await exec(state, node, std::move(writes));
}

asio::awaitable<FlipAnswer> perform(State& state, const FlipAsk& ask) {
  using Kind = FlipAsk::Kind;
  FlipAnswer out;
  switch (ask.kind) {
    case Kind::read_record:
    case Kind::set_record:
      co_await perform_record(state, ask, out);
      break;
    case Kind::read_key:
    case Kind::set_key:
      co_await perform_key(state, ask, out);
      break;
    case Kind::nodes:
    case Kind::look:
      co_await perform_nodes(state, ask, out);
      break;
    case Kind::kill:
      fill(out, co_await kill(state, ask.node, ask.ids));
      break;
    case Kind::probe:
      fill(out, co_await probe(state, ask.limit));
      break;
    case Kind::tell:
      (void)co_await ask_all(state, state.primary_name(),
                             command("PUBLISH", migration::control_channel_name(), ask.words), 1);
      break;
    case Kind::wait:
      co_await sleep(state, ask.limit);
      break;
    case Kind::end:
      break;
  }
  co_return out;
}

asio::awaitable<Result<control::ChangeOutcome>> carry(FleetStore& store, control::ChangeRequest request) {
  const auto reached = co_await store.primary();
  if (!reached) co_return reached.error();
  control::Flip flip(std::move(request), random_word);
  const FlipAsk* ask = &flip.begin(std::chrono::steady_clock::now());
  while (ask->kind != FlipAsk::Kind::end) {
    FlipAnswer answer = co_await perform(store.state(), *ask);
    ask = &flip.resume(std::move(answer), std::chrono::steady_clock::now());
  }
  co_return flip.outcome();
}

}  // namespace keyshift::driver
