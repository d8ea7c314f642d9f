// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/repair.hpp"

#include "driver/fleet_state.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::ChangeFound;
namespace {

using State = FleetStore::State;

Bytes questions() {
  Bytes out;
  resp::append_command(out, {"HGETALL", migration::control_record_name()});
  resp::append_command(out, {"GET", migration::epoch_key_name()});
  return out;
}

/// Fields in the order of their names: the server may give them in any.
std::map<Bytes, Bytes> fields_of(const resp::Reply& reply) {
  std::map<Bytes, Bytes> out;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2)
    out[reply.elements[i].text] = reply.elements[i + 1].text;
  return out;
}

/// Both replies as bytes that are equal when nothing was changed between.
Bytes state_of(const resp::Reply& record, const resp::Reply& key) {
  Bytes out = record.error() ? record.text : Bytes();
  for (const auto& [name, value] : fields_of(record)) {
    const std::vector<BytesView> field{name, value};
    resp::append_command(out, field);
  }
  const std::vector<BytesView> last{key.null() ? "absent" : "there", key.text};
  resp::append_command(out, last);
  return out;
}

ChangeFound of_another_type(const Bytes& error) {
  ChangeFound out;
  out.state = ChangeFound::State::damaged;
  out.what = "is of another type (" + error + ")";
  return out;
}

ChangeFound found_in(const resp::Reply& key) {
  if (key.error()) return of_another_type(key.text);
  return control::change_found(key.null() ? std::nullopt : std::optional<Bytes>(key.text));
}

void read_halves(const resp::Reply& record, control::RepairFacts& out) {
  if (record.error()) {
    out.cur = out.next = of_another_type(record.text);
    return;
  }
  const auto fields = fields_of(record);
  const auto half = [&](BytesView name) {
    const auto found = fields.find(Bytes(name));
    return control::change_found(found == fields.end() ? std::nullopt : std::optional(found->second));
  };
  out.cur = half(control::kCurField);
  out.next = half(control::kNextField);
}

/// What the node itself shows: its key and who is connected to it.
asio::awaitable<control::NodeKnowledge> ask_node(State& state, control::Node node) {
  control::NodeKnowledge out;
  out.name = node.name;
  out.trouble = std::move(node.trouble);
  const auto connection = co_await state.connection(node.name);
  if (!connection) {
    if (out.trouble.empty()) out.trouble = connection.error().what;
    co_return out;
  }
  Bytes commands;
  resp::append_command(commands, {"GET", migration::epoch_key_name()});
  resp::append_command(commands, {"CLIENT", "LIST"});
  const auto replies = co_await (*connection)->ask(std::move(commands), 2);
  if (!replies) {
    out.trouble = replies.error().what;
    co_return out;
  }
  const resp::Reply& key = replies->at(0);
  const bool refused = key.error() && !key.error_is("WRONGTYPE");
  if (refused || replies->at(1).error()) out.trouble = refused ? key.text : replies->at(1).text;
  if (!refused) out.key = found_in(key);
  control::count_names(out, replies->at(1).text);
  co_return out;
}

/// The last change that the audit tells of.
asio::awaitable<control::ChangeId> last_audited(store::Connection& connection) {
  std::vector<Bytes> ask{"XREVRANGE", migration::audit_name(), "+", "-", "COUNT", "100"};
  const auto entries = co_await connection.ask(std::move(ask));
  control::ChangeId out;
  if (!entries || entries->error()) co_return out;
  for (const resp::Reply& entry : entries->elements) {
    if (entry.elements.size() != 2) continue;
    const auto fields = fields_of(entry.elements[1]);
    const auto change = fields.find("change");
    const auto id = change == fields.end() ? std::nullopt : control::change_id_of(change->second);
    if (id && id->epoch > out.epoch) out = *id;
  }
  co_return out;
}

/// All specs at the store: goes through the whole keyspace.
asio::awaitable<Result<void>> find_specs(store::Connection& connection, RepairLook& out) {
  Bytes cursor = "0";
  do {
    std::vector<Bytes> scan{"SCAN", cursor, "MATCH", migration::spec_name("*"), "COUNT", "1000"};
    const auto page = co_await connection.ask(std::move(scan));
    if (!page) co_return page.error();
    if (page->elements.size() != 2) co_return fail(ErrorCode::store, "SCAN: " + page->text);
    cursor = page->elements[0].text;
    for (const resp::Reply& name : page->elements[1].elements) {
      std::vector<Bytes> get{"GET", name.text};
      const auto spec = co_await connection.ask(std::move(get));
      if (!spec) co_return spec.error();
      Bytes hash = spec_hash(spec->text);
      if (spec->textual() && migration::spec_name(hash) == name.text) out.specs[std::move(hash)] = spec->text;
    }
  } while (cursor != "0");
  for (const auto& [hash, text] : out.specs) out.facts.specs.insert(hash);
  co_return Result<void>();
}

}  // namespace

asio::awaitable<Result<RepairLook>> look_for_repair(FleetStore& store) {
  State& state = store.state();
  state.gone_asked.clear();
  const auto list = co_await list_nodes(state);
  if (!list) co_return list.error();
  const auto connection = co_await store.primary();
  if (!connection) co_return connection.error();
  const auto replies = co_await (*connection)->ask(questions(), 2);
  if (!replies) co_return replies.error();
  for (const resp::Reply& reply : *replies)
    if (reply.error() && !reply.error_is("WRONGTYPE")) co_return fail(ErrorCode::store, reply.text);
  RepairLook out;
  out.state = state_of(replies->at(0), replies->at(1));
  read_halves(replies->at(0), out.facts);
  for (const control::Node& node : list->nodes) out.facts.nodes.push_back(co_await ask_node(state, node));
  out.facts.audited = co_await last_audited(**connection);
  const auto found = co_await find_specs(**connection, out);
  if (!found) co_return found.error();
  co_return Result<RepairLook>(boost::system::in_place_value, std::move(out));
}

asio::awaitable<Result<bool>> write_repair(FleetStore& store, Bytes state, control::Change hold,
                                           std::optional<Bytes> spec, std::vector<std::pair<Bytes, Bytes>> audit) {
  const auto connection = co_await store.primary();
  if (!connection) co_return connection.error();
  const Bytes record = migration::control_record_name(), key = migration::epoch_key_name(), text = encode(hold);
  const Bytes log = migration::audit_name(), id = control::text(hold.id);
  Bytes look, write;
  resp::append_command(look, {"WATCH", record, key});
  look += questions();
  const auto seen = co_await (*connection)->ask(std::move(look), 3);
  if (!seen) co_return seen.error();
  const bool same = !seen->at(0).error() && state_of(seen->at(1), seen->at(2)) == state;
  std::size_t count = 6;
  if (!same) resp::append_command(write, {"UNWATCH"});
  if (same) {
    resp::append_command(write, {"MULTI"});
    resp::append_command(write, {"DEL", record});
    resp::append_command(write, {"HSET", record, control::kCurField, text, control::kNextField, text});
    resp::append_command(write, {"SET", key, text});
    if (spec) resp::append_command(write, {"SET", migration::spec_name(spec_hash(*spec)), *spec});
    std::vector<BytesView> entry{"XADD", log, "MAXLEN", "~", "10000", "*", "change", id, "turn", "forced hold"};
    for (const auto& [field, value] : audit) entry.insert(entry.end(), {field, value});
    resp::append_command(write, entry);
    resp::append_command(write, {"EXEC"});
    if (spec) ++count;
  }
  const auto done = co_await (*connection)->ask(std::move(write), same ? count : 1);
  if (!done) co_return done.error();
  if (!same) co_return false;
  for (const resp::Reply& reply : *done)
    if (reply.error()) co_return fail(ErrorCode::store, reply.text);
  co_return !done->back().null();
}

}  // namespace keyshift::driver
