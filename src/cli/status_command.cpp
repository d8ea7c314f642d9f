#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/command_line.hpp"
#include "cli/fleet_status.hpp"
#include "cli/http_get.hpp"
#include "cli/status_lines.hpp"

namespace keyshift::cli {
namespace {

constexpr auto answer_limit = seconds(5);

Result<nlohmann::json> ask(const std::string& admin) {
  const auto body = http_get(admin, "/status", answer_limit);
  if (!body) return body.error();
  auto document = nlohmann::json::parse(*body, nullptr, false);
  if (!document.is_object()) return fail(ErrorCode::system, "http://" + admin + "/status is not a status document");
  return Result<nlohmann::json>(boost::system::in_place_value, std::move(document));
}

std::string shown(const nlohmann::json& status, bool json, bool watch, bool terminal) {
  if (json) return status.dump(watch ? -1 : 2) + "\n";
  if (watch && !terminal) return status_line(status) + "\n";
  return status_text(status);
}

/// One look; false when nothing more can be written.
bool look(const std::string& admin, bool json, bool terminal) {
  const auto status = ask(admin);
  std::string text = status ? shown(*status, json, true, terminal) : std::string();
  if (terminal && !json) text = "\033[H\033[J" + (status ? text : status.error().what + "\n");
  if (!status && (json || !terminal)) std::fprintf(stderr, "keyshift: %s\n", status.error().what.c_str());
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
}

}  // namespace

namespace {

/// One look at the store; false when nothing more can be written.
bool look_at_store(Operator& op, bool json, bool terminal) {
  const auto status = fleet_document(op);
  std::string text = status ? (json       ? status->dump() + "\n"
                               : terminal ? fleet_text(*status)
                                          : fleet_line(*status) + "\n")
                            : "";
  if (terminal && !json) text = "\033[H\033[J" + (status ? text : status.error().what + "\n");
  if (!status && (json || !terminal)) std::fprintf(stderr, "keyshift: %s\n", status.error().what.c_str());
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
}

/// What the control record says, instead of what one proxy does.
int status_of_store(const Invocation& invocation) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const bool json = invocation.has("json");
  if (invocation.has("watch")) {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    while (look_at_store(**op, json, terminal)) std::this_thread::sleep_for(seconds(1));
    return kFailed;
  }
  const bool history = invocation.has("history");
  const auto document = history ? history_document(**op) : fleet_document(**op);
  if (!document) return report(document.error());
  const std::string text = json ? document->dump(2) + "\n" : history ? history_text(*document) : fleet_text(*document);
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace

int run_status(const Invocation& invocation) {
  const bool store = !invocation.options.empty() || std::getenv("KEYSHIFT_UPSTREAM") != nullptr;
  if (invocation.has("history") || (store && !invocation.has("admin"))) return status_of_store(invocation);
  const std::string admin = invocation.has("admin") ? invocation.own.at("admin") : std::string("127.0.0.1:9180");
  const bool json = invocation.has("json");
  if (!invocation.has("watch")) {
    const auto status = ask(admin);
    if (!status) return report(status.error());
    std::fputs(shown(*status, json, false, false).c_str(), stdout);
    return kDone;
  }
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  while (look(admin, json, terminal)) std::this_thread::sleep_for(seconds(1));
  return kFailed;
}

}  // namespace keyshift::cli
