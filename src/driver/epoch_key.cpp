// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/epoch_key.hpp"

#include <optional>

#include "control/change_rules.hpp"
#include "control/spec.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;

asio::awaitable<Result<bool>> help_epoch_key(store::Connection& connection, const control::Change& cur) {
  const Bytes key = migration::epoch_key_name();
  Bytes look, set;
  resp::append_command(look, {"WATCH", key});
  resp::append_command(look, {"GET", key});
  const auto seen = co_await connection.ask(std::move(look), 2);
  if (!seen) co_return seen.error();
  const resp::Reply& found = seen->at(1);
  std::optional<control::Change> there;
  if (found.textual() && !found.error()) {
    const auto change = control::read_change(found.text);
    if (change) there = *change;
  }
  const bool readable = !seen->at(0).error() && (found.null() || there);
  if (!readable || !control::may_replace(there, cur)) {
    resp::append_command(set, {"UNWATCH"});
    const auto left = co_await connection.ask(std::move(set), 1);
    if (!left) co_return left.error();
    co_return false;
  }
  resp::append_command(set, {"MULTI"});
  resp::append_command(set, {"SET", key, control::encode(cur)});
  resp::append_command(set, {"EXEC"});
  const auto done = co_await connection.ask(std::move(set), 3);
  if (!done) co_return done.error();
  co_return done->at(2).aggregate() && !done->at(2).null();
}

std::shared_ptr<const transforms::RuleSet> scope_of(BytesView spec) {
  const auto families = control::read_spec_families(spec);
  if (!families) return nullptr;
  const auto scope = control::scope_only(*families);
  return scope ? std::make_shared<const transforms::RuleSet>(*scope) : nullptr;
}

asio::awaitable<std::vector<std::shared_ptr<const transforms::RuleSet>>> scopes_of_found_specs(
    store::Connection& connection) {
  std::vector<std::shared_ptr<const transforms::RuleSet>> out;
  const Bytes pattern = migration::spec_name("*");
  Bytes cursor = "0";
  do {
    std::vector<Bytes> scan{"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
    const auto page = co_await connection.ask(std::move(scan));
    if (!page || page->elements.size() != 2) co_return out;
    cursor = page->elements[0].text;
    for (const resp::Reply& name : page->elements[1].elements) {
      std::vector<Bytes> get{"GET", Bytes(name.text)};
      const auto spec = co_await connection.ask(std::move(get));
      if (!spec) co_return out;
      if (auto scope = scope_of(spec->text)) out.push_back(std::move(scope));
    }
  } while (cursor != "0");
  co_return out;
}

}  // namespace keyshift::driver
