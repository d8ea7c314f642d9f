// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/preflight_rights.hpp"

#include <algorithm>
#include <array>

#include "control/example_key.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

using control::PreflightFacts;
using Replies = std::vector<resp::Reply>;
constexpr std::size_t kMostTries = 2000;

void append(Bytes& out, const std::vector<Bytes>& argv) {
  const std::vector<BytesView> views(argv.begin(), argv.end());
  resp::append_command(out, views);
}

/// Refusals that say something of rights; anything else (READONLY, OOM, WATCH inside MULTI) has other causes.
bool refused(const resp::Reply& reply) {
  return reply.error_is("NOPERM") || (reply.error() && reply.text.find("unknown command") != Bytes::npos);
}

/// Behind a MULTI that is known to be allowed each command is only looked at by the server, then DISCARD drops all.
asio::awaitable<void> try_own(store::Connection& connection, PreflightFacts& facts) {
  Bytes pair;
  for (const char* word : {"MULTI", "DISCARD", "EXEC"}) resp::append_command(pair, {word});
  const auto allowed = co_await connection.ask(std::move(pair), 3);
  if (!allowed) co_return facts.unknown.push_back("rights: " + allowed.error().what);
  const bool both = !allowed->at(0).error() && !allowed->at(1).error();
  const std::array<const char*, 3> words{"MULTI", "DISCARD", "EXEC"};
  for (std::size_t i = 0; i < words.size(); ++i)
    if (refused(allowed->at(i))) facts.refused_commands.push_back(std::string(words[i]) + ": " + allowed->at(i).text);
  if (!both) co_return;
  const auto needed = control::needed_commands();
  Bytes commands;
  resp::append_command(commands, {"MULTI"});
  for (const control::NeededCommand& one : needed) append(commands, one.argv);
  resp::append_command(commands, {"DISCARD"});
  const auto replies = co_await connection.ask(std::move(commands), needed.size() + 2);
  if (!replies) co_return facts.unknown.push_back("rights: " + replies.error().what);
  for (std::size_t i = 0; i < needed.size(); ++i)
    if (refused(replies->at(i + 1)))
      facts.refused_commands.push_back(needed[i].argv.front() + " (" + std::string(needed[i].what_for) +
                                       "): " + replies->at(i + 1).text);
}

/// What apps do to records, as far as rights of keys matter.
std::vector<std::vector<Bytes>> uses_of(const Bytes& key) {
  return {{"GET", key}, {"SET", key, "v"}, {"HGETALL", key}, {"HSET", key, "f", "v"}, {"DEL", key}};
}

void append_tries(Bytes& out, const Bytes& user, const Bytes& key) {
  for (const auto& use : uses_of(key)) {
    std::vector<Bytes> argv{"ACL", "DRYRUN", user};
    argv.insert(argv.end(), use.begin(), use.end());
    append(out, argv);
  }
}

bool yes(const resp::Reply& reply) { return reply.type == '+' && reply.text == "OK"; }

/// One user, one rule: a use that is allowed on one name and not on the other one.
asio::awaitable<Result<void>> try_user(store::Connection& connection, const Bytes& user, const transforms::Rule& rule,
                                       const control::ExampleKeys& keys, PreflightFacts& facts) {
  Bytes commands;
  append_tries(commands, user, keys.from);
  append_tries(commands, user, keys.to);
  const std::size_t uses = uses_of(keys.from).size();
  const auto replies = co_await connection.ask(std::move(commands), 2 * uses);
  if (!replies) co_return replies.error();
  for (std::size_t i = 0; i < uses; ++i) {
    if (replies->at(i).error()) co_return fail(ErrorCode::store, replies->at(i).text);
    const bool from = yes(replies->at(i)), to = yes(replies->at(uses + i));
    if (from == to) continue;
    facts.refused_users.push_back("user " + printable(user, 64) + ", rule " + rule.name + ": may " +
                                  uses_of({})[i].front() + " keys like " + printable(from ? keys.from : keys.to, 80) +
                                  " and not like " + printable(from ? keys.to : keys.from, 80));
    break;
  }
  co_return Result<void>();
}

asio::awaitable<void> try_users(store::Connection& connection, const transforms::RuleSet& rules,
                                PreflightFacts& facts) {
  std::vector<Bytes> list{"ACL", "USERS"};
  const auto users = co_await connection.ask(std::move(list));
  if (!users) co_return facts.unknown.push_back("rights of app users: " + users.error().what);
  if (users->error()) co_return facts.unknown.push_back("rights of app users: " + users->text);
  std::size_t tries = 0;
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const auto keys = control::example_keys(rules, i);
    if (!keys) continue;
    for (const resp::Reply& user : users->elements) {
      if (++tries > kMostTries)
        co_return facts.unknown.push_back("rights of app users: too many users and rules to try all");
      const auto tried = co_await try_user(connection, user.text, rules.rules()[i], *keys, facts);
      if (!tried) co_return facts.unknown.push_back("rights of app users (ACL DRYRUN): " + tried.error().what);
    }
  }
}

}  // namespace

asio::awaitable<void> ask_rights(store::Connection& connection, const transforms::RuleSet* rules,
                                 PreflightFacts& facts) {
  co_await try_own(connection, facts);
  if (rules != nullptr) co_await try_users(connection, *rules, facts);
}

}  // namespace keyshift::driver
