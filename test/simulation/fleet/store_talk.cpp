#include "store_talk.hpp"

#include "control/flip_naive.hpp"
#include "migration/reserved_name.hpp"

namespace keyshift::simulation {

using control::Change;
using control::ChangeId;
using control::ControlRecord;
using resp::Reply;

namespace {

Result<std::optional<ControlRecord>> record_of(const Reply& fields) {
  if (fields.error()) return fail(ErrorCode::control, fields.text);
  std::vector<BytesView> views;
  for (const Reply& field : fields.elements) views.emplace_back(field.text);
  return control::read_record(views);
}

Bytes slot_of(const Node* node) { return node == nullptr ? "primary" : node->name; }

Result<std::optional<Change>> key_of(const Reply& reply) {
  if (reply.error()) return fail(ErrorCode::store, reply.text);
  if (reply.null()) return std::optional<Change>();
  auto change = control::read_change(reply.text);
  if (!change) return change.error();
  return std::optional<Change>(std::move(*change));
}

}  // namespace

Node* StoreTalk::node_of(const std::string& name) const {
  for (const auto& node : around_.cluster.nodes())
    if (node->name == name) return node.get();
  return nullptr;
}

Steps<Result<std::optional<ControlRecord>>> StoreTalk::read_record() {
  Bytes out =
      command("MULTI") + command("ROLE") + command("HGETALL", migration::control_record_name()) + command("EXEC");
  const auto replies = co_await ask_primary(std::move(out), 4);
  if (!replies) co_return replies.error();
  const Reply& both = replies->back();
  if (both.elements.size() != 2 || both.elements[0].elements.empty())
    co_return fail(ErrorCode::store, "ROLE and HGETALL were not answered");
  if (both.elements[0].elements[0].text != "master") {
    // Whatever leads to the primary by now is asked the next time.
    channels_["primary"]->close();
    co_return fail(ErrorCode::store, "no primary now");
  }
  co_return record_of(both.elements[1]);
}

Steps<Result<std::optional<Change>>> StoreTalk::read_key(Node* node) {
  const auto got = co_await ask(slot_of(node), node, command("GET", migration::epoch_key_name()), 1);
  if (!got) co_return got.error();
  co_return key_of(got->front());
}

Steps<Result<bool>> StoreTalk::exec(Bytes slot, Node* node, Bytes write) {
  Bytes out = command("MULTI") + write + command("EXEC");
  const auto replies = co_await ask(std::move(slot), node, std::move(out), 3);
  if (!replies) co_return replies.error();
  const Reply& done = replies->back();
  if (done.null()) co_return false;
  if (done.elements.empty() || done.elements.front().error()) co_return fail(ErrorCode::store, "EXEC: " + done.text);
  co_return true;
}

Steps<Result<bool>> StoreTalk::set_key(Node* node, ChangeId seen, Change change) {
  const Bytes name = migration::epoch_key_name();
  const auto before = co_await ask(slot_of(node), node, command("WATCH", name) + command("GET", name), 2);
  if (!before) co_return before.error();
  const Reply& there = before->back();
  const auto id = there.null() ? std::optional(ChangeId{}) : control::read_change_id(there.text);
  if (id != seen) {
    (void)co_await ask(slot_of(node), node, command("UNWATCH"), 1);
    co_return false;
  }
  if (on_change) on_change(change);
  co_return co_await exec(slot_of(node), node, command("SET", name, control::encode(change)));
}

Steps<Result<bool>> StoreTalk::set_record(control::FlipAsk wanted) {
  const Bytes name = migration::control_record_name();
  Bytes look = command("WATCH", name) + command("INFO") + command("HGETALL", name);
  const auto seen = co_await ask_primary(std::move(look), 3);
  if (!seen) co_return seen.error();
  const std::string info = (*seen)[1].text;
  const auto field = [&info](const std::string& what) {
    const auto at = info.find(what + ":") + what.size() + 1;
    return info.substr(at, info.find('\r', at) - at);
  };
  const auto record = record_of((*seen)[2]);
  if (!record) co_return record.error();
  const std::string identity = field("run_id") + ":" + field("master_replid");
  const bool same = (*record ? (*record)->cur.id : ChangeId{}) == wanted.seen_cur &&
                    (*record ? (*record)->next.id : ChangeId{}) == wanted.seen_next &&
                    (wanted.identity.empty() || wanted.identity == identity) && field("role") == "master";
  if (!same) {
    (void)co_await ask_primary(command("UNWATCH"), 1);
    co_return false;
  }
  for (const auto* change : {&wanted.cur, &wanted.next})
    if (*change && on_change) on_change(**change);
  Bytes write;
  if (wanted.cur && wanted.next)
    write = command("HSET", name, control::kCurField, control::encode(*wanted.cur), control::kNextField,
                    control::encode(*wanted.next));
  else if (wanted.cur)
    write = command("HSET", name, control::kCurField, control::encode(*wanted.cur));
  else
    write = command("HSET", name, control::kNextField, control::encode(*wanted.next));
  co_return co_await exec("primary", nullptr, std::move(write));
}

Steps<Result<bool>> StoreTalk::help(Change change) {
  const auto found = co_await read_key(nullptr);
  if (!found) co_return found.error();
  if (!control::may_replace(*found, change, naive)) co_return false;
  co_return co_await set_key(nullptr, *found ? (*found)->id : ChangeId{}, std::move(change));
}

}  // namespace keyshift::simulation
