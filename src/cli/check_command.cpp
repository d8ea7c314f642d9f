// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/blocking.hpp"
#include "cli/command_line.hpp"
#include "cli/startup.hpp"
#include "driver/preflight.hpp"
#include "resp/info_field.hpp"

namespace keyshift::cli {
namespace asio = boost::asio;
using nlohmann::json;
namespace {

using control::FindingGrade;

driver::PreflightOptions options_of(const Startup& startup) {
  driver::PreflightOptions out;
  out.upstream = startup.upstream;
  out.name = startup.name;
  out.file = startup.settings.text("migration");
  out.rules = startup.rules;
  if (startup.source && !driver::same_address(*startup.source, startup.upstream)) out.source = startup.source;
  if (startup.migration) out.allow = startup.migration->bypass_allow;
  return out;
}

asio::awaitable<Result<control::PreflightFacts>> look(asio::any_io_executor executor,
                                                      driver::PreflightOptions options) {
  auto facts = co_await driver::look_before(std::move(executor), std::move(options));
  co_return facts;
}

json document_of(const Startup& startup, const control::PreflightFacts& facts,
                 const std::vector<control::Found>& found) {
  json findings = json::array(), bypass = json::array();
  std::uint64_t forbids = 0, warnings = 0;
  for (const control::Found& one : found) {
    const control::FindingRow& row = finding_row(one.finding);
    forbids += one.grade == FindingGrade::forbids ? 1u : 0u;
    warnings += one.grade == FindingGrade::warning ? 1u : 0u;
    findings.push_back({{"code", row.code},
                        {"grade", control::name(one.grade)},
                        {"title", row.title},
                        {"what", one.what},
                        {"hint", row.hint}});
  }
  for (const control::BypassClient& client : facts.bypass)
    bypass.push_back({{"addr", client.addr},
                      {"user", client.user},
                      {"name", client.name},
                      {"library", client.library},
                      {"library_version", client.library_version},
                      {"command", client.command},
                      {"age_seconds", client.age}});
  return {{"upstream", startup.upstream.printed()},
          {"version", resp::info_field(facts.info, "redis_version")},
          {"role", resp::info_field(facts.info, "role")},
          {"proven", !facts.unreachable && !facts.sentinel && !facts.proof_failed},
          {"forbids", forbids},
          {"warnings", warnings},
          {"findings", std::move(findings)},
          {"bypass_clients", std::move(bypass)}};
}

std::string text_of(const json& document) {
  std::string out;
  for (const json& one : document["findings"])
    out += one["code"].get<std::string>() + " " + one["grade"].get<std::string>() + ": " +
           one["title"].get<std::string>() + ": " + one["what"].get<std::string>() + "\n    " +
           one["hint"].get<std::string>() + "\n";
  if (document["proven"].get<bool>())
    out += "proven: a connection was named, seen, unblocked, and killed with a command queued, which never ran\n";
  return out + document["upstream"].get<std::string>() + ": " +
         std::to_string(document["forbids"].get<std::uint64_t>()) + " findings forbid a migration, " +
         std::to_string(document["warnings"].get<std::uint64_t>()) + " warnings\n";
}

}  // namespace

int run_check(const Invocation& invocation) {
  const auto startup = prepare(invocation.options);
  if (!startup) return report(startup.error());
  std::signal(SIGPIPE, SIG_IGN);
  const auto facts = blocking<control::PreflightFacts>(
      [&](asio::any_io_executor executor) { return look(std::move(executor), options_of(*startup)); });
  if (!facts) return report(facts.error());
  const json document = document_of(*startup, *facts, control::judge(*facts));
  std::fputs(
      (invocation.has("json") ? document.dump(2, ' ', false, json::error_handler_t::replace) + "\n" : text_of(document))
          .c_str(),
      stdout);
  return document["forbids"] == 0 ? kDone : kGate;
}

}  // namespace keyshift::cli
