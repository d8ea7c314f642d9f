// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/store_gate.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

using migration::control_record_name;
using migration::store_id_name;
constexpr int kLooks = 10;  // a source that is a replica may show the id a moment later
constexpr Duration kBetweenLooks = milliseconds(100);

Bytes random_id() {
  std::random_device source;
  static constexpr char hex[] = "0123456789abcdef";
  Bytes id;
  for (int i = 0; i < 32; ++i) id += hex[source() & 15u];
  return id;
}

/// An answer that will be another one soon: nothing is known yet.
bool passing(const resp::Reply& reply) {
  return reply.error_is("LOADING") || reply.error_is("BUSY") || reply.error_is("MASTERDOWN");
}

asio::awaitable<Result<std::unique_ptr<store::Connection>>> connect(asio::any_io_executor executor, store::Url url,
                                                                    const StoreGate& gate) {
  store::ConnectOptions options;
  options.name = gate.connection_name;
  options.database = 0;
  options.connect_limit = options.request_limit = gate.limit;
  return store::Connection::open(executor, std::move(url), std::move(options));
}

asio::awaitable<Result<void>> no_control_record(store::Connection& upstream, const StoreGate& gate, Doubts& doubts) {
  std::vector<Bytes> exists{"EXISTS", control_record_name()};
  const auto reply = co_await upstream.ask(std::move(exists));
  if (!reply) co_return reply.error();
  if (passing(*reply)) co_return fail(ErrorCode::store, gate.upstream.printed() + ": " + reply->text);
  if (reply->error())
    doubts.push_back("whether " + gate.upstream.printed() + " has a control record: it answered " + reply->text);
  if (reply->error() || reply->integer == 0) co_return Result<void>();
  co_return fail(ErrorCode::gate,
                 gate.upstream.printed() + " has a control record (the key " + control_record_name() +
                     " in database 0), which says where its records are: a mode given by hand could contradict it. "
                     "Use a version of keyshift that follows the record, or, when no migration is under way there, "
                     "delete that key; then start again");
}

/// The id of the store at `connection`; empty, with a doubt, when it cannot be told.
asio::awaitable<Result<Bytes>> written_id(store::Connection& upstream, const StoreGate& gate, Doubts& doubts) {
  Bytes commands;
  resp::append_command(commands, {"SET", store_id_name(), random_id(), "NX"});
  resp::append_command(commands, {"GET", store_id_name()});
  const auto replies = co_await upstream.ask(std::move(commands), 2);
  if (!replies) co_return replies.error();
  const resp::Reply& id = replies->at(1);
  if (passing(id)) co_return fail(ErrorCode::store, gate.upstream.printed() + ": " + id.text);
  if (!id.error() && !id.null()) co_return Bytes(id.text);
  doubts.push_back("whether the source of the migration is " + gate.upstream.printed() +
                   ": an id can be neither read " +
                   "nor written there: " + (id.error() ? id.text : replies->at(0).text));
  co_return Bytes();
}

asio::awaitable<Result<void>> same_store(asio::any_io_executor executor, store::Connection& upstream,
                                         const StoreGate& gate, Doubts& doubts) {
  const std::string question =
      "whether the source of the migration, " + gate.source->printed() + ", is " + gate.upstream.printed() + ": ";
  const auto source = co_await connect(executor, *gate.source, gate);
  if (!source) {
    doubts.push_back(question + source.error().what);
    co_return Result<void>();
  }
  // Nothing is written where nothing can be compared.
  const auto id = co_await written_id(upstream, gate, doubts);
  if (!id) co_return id.error();
  if (id->empty()) co_return Result<void>();
  asio::steady_timer timer(executor);
  for (int look = 1;; ++look) {
    std::vector<Bytes> get{"GET", store_id_name()};
    const auto there = co_await (*source)->ask(std::move(get));
    if (!there || there->error()) {
      doubts.push_back(question + (there ? there->text : there.error().what));
      co_return Result<void>();
    }
    if (there->text == *id && !there->null()) co_return Result<void>();
    if ((*source)->role() != store::Role::replica || look == kLooks) break;
    boost::system::error_code ignored;
    timer.expires_after(kBetweenLooks);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return fail(ErrorCode::gate, "the source of the migration, " + gate.source->printed() +
                                      (gate.file.empty() ? std::string() : " in " + gate.file) +
                                      ", is another store than the upstream " + gate.upstream.printed() + " (the ids " +
                                      "that they keep in " + store_id_name() +
                                      " differ): records would be moved where nobody meant it. Correct "
                                      "spec.source.url or --upstream, whichever is wrong");
}

}  // namespace

asio::awaitable<Result<Doubts>> pass_gate(asio::any_io_executor executor, StoreGate gate) {
  Doubts doubts;
  const auto upstream = co_await connect(executor, gate.upstream, gate);
  if (!upstream) co_return upstream.error();
  auto passed = Result<void>();
  if (!gate.record_allowed) passed = co_await no_control_record(**upstream, gate, doubts);
  if (!passed) co_return passed.error();
  if (gate.source) passed = co_await same_store(executor, **upstream, gate, doubts);
  if (!passed) co_return passed.error();
  co_return doubts;
}

asio::awaitable<Result<Doubts>> compare_stores(asio::any_io_executor executor, StoreGate gate) {
  Doubts doubts;
  if (!gate.source) co_return doubts;
  const auto upstream = co_await connect(executor, gate.upstream, gate);
  if (!upstream) co_return upstream.error();
  const auto passed = co_await same_store(executor, **upstream, gate, doubts);
  if (!passed) co_return passed.error();
  co_return doubts;
}

bool same_address(const store::Url& a, const store::Url& b) noexcept {
  return a.kind == b.kind && a.addresses == b.addresses && a.path == b.path && a.master_name == b.master_name;
}

}  // namespace keyshift::driver
