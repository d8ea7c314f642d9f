// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/fleet.hpp"

#include <random>
#include <set>

#include "control/connection_name.hpp"
#include "driver/fleet_state.hpp"
#include "driver/sha256.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"
#include "resp/number.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;

FleetStore::FleetStore(asio::any_io_executor executor, FleetOptions options)
    : state_(std::make_unique<State>(State{std::move(executor), std::move(options), {}, {}})) {}
FleetStore::~FleetStore() = default;
FleetStore::FleetStore(FleetStore&&) noexcept = default;
FleetStore& FleetStore::operator=(FleetStore&&) noexcept = default;

std::string FleetStore::State::primary_name() const {
  if (options.upstream.addresses.empty()) return options.upstream.path;
  const store::Address& address = options.upstream.addresses.front();
  return address.host + ":" + std::to_string(address.port);
}

namespace {

/// None: no host:port.
std::optional<store::Address> address_of(const std::string& name) {
  const auto colon = name.rfind(':');
  const auto port = colon == name.npos ? std::nullopt : resp::read_integer(std::string_view(name).substr(colon + 1));
  if (!port || *port <= 0 || *port > 65535 || name.find(' ') != name.npos) return std::nullopt;
  return store::Address{name.substr(0, colon), static_cast<std::uint16_t>(*port)};
}

}  // namespace

asio::awaitable<Result<store::Connection*>> FleetStore::State::connection(std::string node) {
  auto& slot = connections[node];
  if (slot && slot->is_open()) co_return slot.get();
  slot.reset();
  store::Url url = options.upstream;
  if (node != primary_name()) {
    const auto address = address_of(node);
    if (!address) co_return fail(ErrorCode::store, "its address is not known");
    url.kind = store::Url::Kind::tcp;
    url.addresses = {*address};
  }
  store::ConnectOptions connect;
  connect.name = control::text(control::ConnectionName{options.name, control::Carries::control, {}});
  connect.database = 0;
  connect.connect_limit = connect.request_limit = options.request_limit;
  auto opened = co_await store::Connection::open(executor, std::move(url), std::move(connect));
  if (!opened) co_return opened.error();
  slot = std::move(*opened);
  co_return slot.get();
}

asio::awaitable<Result<store::Connection*>> FleetStore::primary() {
  const auto connection = co_await state_->connection(state_->primary_name());
  if (!connection) co_return connection.error();
  if ((*connection)->role() == store::Role::replica || (*connection)->role() == store::Role::sentinel)
    co_return fail(ErrorCode::store, state_->options.upstream.printed() + " is no primary: name the one that is");
  co_return *connection;
}

namespace {

Result<std::optional<control::ControlRecord>> record_of(const resp::Reply& fields, const std::string& where) {
  if (fields.error()) return fail(ErrorCode::control, where + fields.text);
  std::vector<BytesView> views;
  for (const resp::Reply& field : fields.elements) views.emplace_back(field.text);
  return control::read_record(views);
}

/// A server without memory refuses whatever is queued behind MULTI, reads too. A promotion gives a server another
/// replication id: a primary that shows the same one before and after was the primary all the time.
asio::awaitable<Result<std::optional<control::ControlRecord>>> read_between_looks(store::Connection& connection,
                                                                                  const std::string& where) {
  Bytes commands;
  resp::append_command(commands, {"INFO", "replication"});
  resp::append_command(commands, {"HGETALL", migration::control_record_name()});
  resp::append_command(commands, {"INFO", "replication"});
  const auto replies = co_await connection.ask(std::move(commands), 3);
  if (!replies) co_return replies.error();
  const store::ServerInfo before = store::read_info(replies->at(0).text), after = store::read_info(replies->at(2).text);
  const bool primary = before.role == "master" && after.role == "master" && !before.identity.master_replid.empty() &&
                       before.identity.master_replid == after.identity.master_replid;
  if (!primary) co_return fail(ErrorCode::store, where + "is no primary now");
  co_return record_of(replies->at(1), where);
}

}  // namespace

asio::awaitable<Result<std::optional<control::ControlRecord>>> read_record_at(FleetStore::State& state) {
  const auto connection = co_await state.connection(state.primary_name());
  if (!connection) co_return connection.error();
  Bytes commands;
  resp::append_command(commands, {"MULTI"});
  resp::append_command(commands, {"ROLE"});
  resp::append_command(commands, {"HGETALL", migration::control_record_name()});
  resp::append_command(commands, {"EXEC"});
  const auto replies = co_await (*connection)->ask(std::move(commands), 4);
  if (!replies) co_return replies.error();
  const resp::Reply& both = replies->back();
  const std::string where = state.options.upstream.printed() + ": ";
  for (const resp::Reply& reply : *replies) {
    if (reply.error_is("OOM")) co_return co_await read_between_looks(**connection, where);
    if (reply.error()) co_return fail(ErrorCode::store, where + reply.text);
  }
  if (both.elements.size() != 2 || both.elements[0].elements.empty())
    co_return fail(ErrorCode::store, where + "ROLE and HGETALL were not answered");
  if (both.elements[0].elements[0].text != "master") co_return fail(ErrorCode::store, where + "is no primary now");
  co_return record_of(both.elements[1], where);
}

asio::awaitable<Result<ControlState>> read_control(FleetStore& store) {
  ControlState out;
  auto record = co_await read_record_at(store.state());
  if (!record) co_return record.error();
  out.record = std::move(*record);
  if (!out.record) co_return out;
  std::set<Bytes> wanted;
  for (const control::Change* change : {&out.record->cur, &out.record->next})
    for (const control::RunEntry& run : change->runs) wanted.insert(run.spec);
  if (wanted.empty()) co_return out;
  Bytes commands;
  for (const Bytes& hash : wanted) resp::append_command(commands, {"GET", migration::spec_name(hash)});
  const auto connection = co_await store.primary();
  if (!connection) co_return connection.error();
  auto replies = co_await (*connection)->ask(std::move(commands), wanted.size());
  if (!replies) co_return replies.error();
  for (resp::Reply& reply : *replies) {
    if (!reply.textual()) continue;
    Bytes hash = spec_hash(reply.text);
    if (wanted.contains(hash)) out.specs[std::move(hash)] = std::move(reply.text);
  }
  co_return out;
}

asio::awaitable<Result<Bytes>> write_spec(FleetStore& store, Bytes text) {
  const auto connection = co_await store.primary();
  if (!connection) co_return connection.error();
  Bytes hash = spec_hash(text);
  std::vector<Bytes> set{"SET", migration::spec_name(hash), std::move(text)};
  const auto reply = co_await (*connection)->ask(std::move(set));
  if (!reply) co_return reply.error();
  if (reply->error()) co_return fail(ErrorCode::store, store.state().options.upstream.printed() + ": " + reply->text);
  co_return hash;
}

Bytes spec_hash(BytesView text) {
  Sha256 digest;
  digest.add(text);
  return digest.hex();
}

std::uint64_t random_word() {
  std::random_device source;
  return ((std::uint64_t{source()} << 32) | source()) | 1;
}

}  // namespace keyshift::driver
