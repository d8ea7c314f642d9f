// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <algorithm>
#include <csignal>
#include <cstdio>

#include "cli/command_line.hpp"
#include "cli/confirm.hpp"
#include "cli/operator.hpp"
#include "driver/fence.hpp"

namespace keyshift::cli {
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

/// Of one node.
struct Fence {
  std::string node, trouble;
  std::vector<FenceStep> steps;
  std::string remarks;
};

Result<Fence> fence_for(const Invocation& invocation, const Startup& startup, const driver::FenceLook& look) {
  const auto keep = keep_of(invocation);
  for (const std::string& glob : keep)
    if (control::reaches(glob, *startup.rules))
      return fail(ErrorCode::gate, "--keep '" + printable(glob, 64) + "' could fit a record or a reserved key");
  Fence out;
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

/// Users that are asked for are somewhere, as far as every node says who it has.
Result<void> all_there(const Invocation& invocation, const std::vector<driver::NodeUsers>& nodes) {
  for (const driver::NodeUsers& node : nodes)
    if (!node.trouble.empty()) return {};
  for (const std::string& name : invocation.words) {
    const auto has = [&](const driver::NodeUsers& node) {
      return std::any_of(node.look.users.begin(), node.look.users.end(),
                         [&](const auto& user) { return user.name == name; });
    };
    if (std::none_of(nodes.begin(), nodes.end(), has))
      return fail(ErrorCode::usage, "there is no user '" + printable(name, 64) + "'");
  }
  return {};
}

std::string steps_text(const Fence& fence) {
  if (!fence.trouble.empty())
    return "# not known: " + printable(fence.trouble, 300) + "; fence it, too, before it may be promoted\n";
  std::string out = fence.remarks;
  if (fence.steps.empty()) return out + "# nobody else reaches a record: nothing to do\n";
  for (const FenceStep& step : fence.steps) {
    out += "# takes from " + quoted(step.user) + ":";
    for (const std::string& taken : step.taken) out += " " + quoted(taken);
    out += "\n" + set_user(step.user, step.apply);
  }
  out += "\n# to undo it\n";
  for (const FenceStep& step : fence.steps) out += "#   " + set_user(step.user, step.undo);
  return out;
}

std::string text_of(const std::vector<Fence>& fences, const Startup& startup) {
  std::string out = "# Users of apps behind the proxies need the keys of both sides:\n#  ";
  for (const std::string& grant : control::grants_of(*startup.rules)) out += " " + quoted(grant);
  out += "\n# ACL SAVE or CONFIG REWRITE if the fence shall outlive a restart\n";
  for (const Fence& fence : fences) out += "\n# at " + fence.node + "\n" + steps_text(fence);
  return out;
}

Result<std::vector<Fence>> fences_for(Operator& op, const Invocation& invocation) {
  const auto nodes = op.wait(driver::look_at_users(op.store()));
  if (!nodes) return nodes.error();
  if (const auto there = all_there(invocation, *nodes); !there) return there.error();
  std::vector<Fence> out;
  for (const driver::NodeUsers& node : *nodes) {
    auto fence = fence_for(invocation, op.startup(), node.look);
    if (!fence) return fence.error();
    fence->node = node.node;
    fence->trouble = node.trouble;
    out.push_back(std::move(*fence));
  }
  return Result<std::vector<Fence>>(boost::system::in_place_value, std::move(out));
}

/// All of them or none, as far as one can know beforehand.
Result<void> apply(Operator& op, const Invocation& invocation, const std::vector<Fence>& fences) {
  if (invocation.words.empty())
    return fail(ErrorCode::usage, "--apply wants the users by name: keyshift fence USER... --apply");
  for (const Fence& fence : fences)
    if (!fence.trouble.empty())
      return fail(ErrorCode::gate, fence.node + " cannot be asked (" + fence.trouble +
                                       "): nothing was changed. If it is "
                                       "stopped for good, say so: keyshift nodes --declare-gone " +
                                       fence.node);
  if (const auto yes = confirmed(invocation, "apply this?"); !yes) return yes.error();
  for (const Fence& fence : fences)
    if (const auto applied = op.wait(driver::apply_fence(op.store(), fence.node, fence.steps)); !applied)
      return applied.error();
  return {};
}

}  // namespace

int run_fence(const Invocation& invocation) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  if (!(*op)->startup().rules) return report(fail(ErrorCode::usage, "fence needs --migration FILE"));
  std::signal(SIGPIPE, SIG_IGN);
  const auto fences = fences_for(**op, invocation);
  if (!fences) return report(fences.error());
  std::fputs(text_of(*fences, (*op)->startup()).c_str(), stdout);
  const bool nothing = std::all_of(fences->begin(), fences->end(),
                                   [](const Fence& fence) { return fence.steps.empty() && fence.trouble.empty(); });
  if (!invocation.has("apply") || nothing) return kDone;
  std::fflush(stdout);
  const auto applied = apply(**op, invocation, *fences);
  return applied ? kDone : report(applied.error());
}

}  // namespace keyshift::cli
