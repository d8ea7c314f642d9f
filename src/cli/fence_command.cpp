// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "cli/blocking.hpp"
#include "cli/command_line.hpp"
#include "cli/startup.hpp"
#include "control/connection_name.hpp"
#include "driver/fence.hpp"

namespace keyshift::cli {
namespace asio = boost::asio;
namespace {

using control::FenceStep;

/// A word as redis-cli takes it.
std::string quoted(std::string_view word) {
  const auto plain = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '\'' && c != '\\'; };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string out = "\"";
  for (const char c : word) out += c == '"' || c == '\\' ? std::string{'\\', c} : printable(std::string_view(&c, 1));
  return out + "\"";
}

std::string set_user(const std::string& user, const std::vector<std::string>& words) {
  std::string out = "ACL SETUSER " + quoted(user);
  for (const std::string& word : words) out += " " + quoted(word);
  return out + "\n";
}

std::vector<std::string> keep_of(const Invocation& invocation) {
  std::vector<std::string> out;
  if (!invocation.has("keep")) return out;
  std::string_view rest = invocation.own.at("keep");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (end > 0) out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

/// Why `name` is not fenced though it is not asked for by name; empty: it may be.
std::string spared(const std::string& name, const Startup& startup, const driver::FenceLook& look) {
  if (name == look.self) return "the user that runs this";
  if (look.proxied.contains(name)) return "connections of proxies are logged in as it";
  for (const transforms::AllowedClient& allowed : startup.migration->bypass_allow)
    if (allowed.user == name) return "spec.bypass.allow tolerates it";
  return {};
}

struct Fence {
  std::vector<FenceStep> steps;
  std::string remarks;
};

Result<Fence> fence_for(const Invocation& invocation, const Startup& startup, const driver::FenceLook& look) {
  const auto keep = keep_of(invocation);
  for (const std::string& glob : keep)
    if (control::reaches(glob, *startup.rules))
      return fail(ErrorCode::gate, "--keep '" + printable(glob, 64) + "' could fit a record or a reserved key");
  Fence out;
  for (const std::string& name : invocation.words)
    if (std::none_of(look.users.begin(), look.users.end(), [&](const auto& user) { return user.name == name; }))
      return fail(ErrorCode::usage, "there is no user '" + printable(name, 64) + "'");
  for (const control::AclUser& user : look.users) {
    const bool asked = std::count(invocation.words.begin(), invocation.words.end(), user.name) > 0;
    if (!asked && !invocation.words.empty()) continue;
    auto step = control::fence_of(user, *startup.rules, keep);
    if (!step) continue;
    const std::string why = spared(user.name, startup, look);
    if (asked && user.name == look.self)
      return fail(ErrorCode::gate, "'" + user.name + "' is " + why + ": it would shut itself out");
    if (asked && look.proxied.contains(user.name))
      return fail(ErrorCode::gate,
                  "user " + quoted(user.name) + ": " + why + "; give the proxies, or who bypasses them, another user");
    if (why.empty() || asked)
      out.steps.push_back(std::move(*step));
    else
      out.remarks += "# user " + quoted(user.name) + " is left as it is: " + why + "\n";
  }
  return Result<Fence>(boost::system::in_place_value, std::move(out));
}

std::string text_of(const Fence& fence, const Startup& startup) {
  std::string out = "# Users of apps behind the proxies need the keys of both sides:\n#  ";
  for (const std::string& grant : control::grants_of(*startup.rules)) out += " " + quoted(grant);
  out += "\n" + fence.remarks;
  if (fence.steps.empty()) return out + "# nobody else reaches a record: nothing to do\n";
  out += "\n# the fence; on replicas, too, and ACL SAVE or CONFIG REWRITE if it shall outlive a restart\n";
  for (const FenceStep& step : fence.steps) {
    out += "# takes from " + quoted(step.user) + ":";
    for (const std::string& taken : step.taken) out += " " + quoted(taken);
    out += "\n" + set_user(step.user, step.apply);
  }
  out += "\n# to undo it\n";
  for (const FenceStep& step : fence.steps) out += "#   " + set_user(step.user, step.undo);
  return out;
}

/// Asks on a terminal; elsewhere only --yes counts.
Result<void> confirmed(const Invocation& invocation) {
  if (invocation.words.empty())
    return fail(ErrorCode::usage, "--apply wants the users by name: keyshift fence USER... --apply");
  if (invocation.has("yes")) return {};
  if (::isatty(STDIN_FILENO) != 1)
    return fail(ErrorCode::gate, "nobody is there to confirm it: --yes applies it without asking");
  std::fputs("apply this? (yes) ", stderr);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes") return {};
  return fail(ErrorCode::gate, "not confirmed, nothing was changed");
}

asio::awaitable<Result<driver::FenceLook>> look(asio::any_io_executor executor, const Startup& startup,
                                                std::unique_ptr<store::Connection>& connection) {
  store::ConnectOptions options;
  options.name = text(control::ConnectionName{startup.name, control::Carries::none, {}});
  auto opened = co_await store::Connection::open(executor, startup.upstream, std::move(options));
  if (!opened) co_return opened.error();
  connection = std::move(*opened);
  co_return co_await driver::look_at_users(*connection);
}

asio::awaitable<Result<bool>> carry_out(asio::any_io_executor executor, const Startup& startup,
                                        std::vector<FenceStep> steps) {
  std::unique_ptr<store::Connection> connection;
  const auto looked = co_await look(executor, startup, connection);
  if (!looked) co_return looked.error();
  const auto applied = co_await driver::apply_fence(*connection, std::move(steps));
  if (!applied) co_return applied.error();
  co_return true;
}

}  // namespace

int run_fence(const Invocation& invocation) {
  const auto startup = prepare(invocation.options);
  if (!startup) return report(startup.error());
  if (!startup->rules) return report(fail(ErrorCode::usage, "fence needs --migration FILE"));
  std::signal(SIGPIPE, SIG_IGN);
  const auto looked =
      blocking<driver::FenceLook>([&](asio::any_io_executor executor) -> asio::awaitable<Result<driver::FenceLook>> {
        std::unique_ptr<store::Connection> connection;
        auto answer = co_await look(executor, *startup, connection);
        co_return answer;
      });
  if (!looked) return report(looked.error());
  const auto fence = fence_for(invocation, *startup, *looked);
  if (!fence) return report(fence.error());
  std::fputs(text_of(*fence, *startup).c_str(), stdout);
  if (!invocation.has("apply") || fence->steps.empty()) return kDone;
  std::fflush(stdout);
  if (const auto yes = confirmed(invocation); !yes) return report(yes.error());
  const auto applied =
      blocking<bool>([&](asio::any_io_executor executor) { return carry_out(executor, *startup, fence->steps); });
  return applied ? kDone : report(applied.error());
}

}  // namespace keyshift::cli
