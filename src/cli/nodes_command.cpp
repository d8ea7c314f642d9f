// g++ 12 misreads Asio's scheduler when it inlines it here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/node_overrides.hpp"
#include "cli/operator.hpp"
#include "driver/node_list.hpp"

namespace keyshift::cli {
namespace {

using nlohmann::json;

const char* role_of(const driver::NodeShown& node) {
  if (!node.sight.reached) return "unknown";
  return node.sight.primary ? "primary" : "replica";
}

json document_of(const driver::NodeShown& node) {
  json out{{"name", node.sight.name},
           {"run_id", node.sight.reached ? node.sight.run : node.known.run},
           {"role", role_of(node)},
           {"listed", node.sight.listed},
           {"answers", node.sight.reached},
           {"offset", node.offset},
           {"lag_bytes", node.lag},
           {"epoch_key", node.key},
           {"trouble", node.counts ? node.trouble : ""}};
  out["gone"] = node.gone ? override_document(*node.gone) : json(nullptr);
  out["excluded_from_wait"] = node.unwaited ? override_document(*node.unwaited) : json(nullptr);
  return out;
}

std::string line_of(const driver::NodeShown& node) {
  std::string out = node.sight.name + ": " + role_of(node);
  if (node.sight.reached)
    out += ", epoch key " + node.key + ", offset " + std::to_string(node.offset) +
           (node.lag != 0 ? " (" + std::to_string(node.lag) + " bytes behind)" : "");
  if (!node.sight.listed) out += ", not listed by any primary";
  out += ", run id " + (node.sight.reached ? node.sight.run : node.known.run) + "\n";
  if (node.gone) out += "    declared gone " + override_text(*node.gone) + "; ends when it answers\n";
  if (node.unwaited)
    out += "    clean passes do not wait for it, " + override_text(*node.unwaited) + "; ends when it is up to date\n";
  if (node.counts && !node.trouble.empty()) out += "    a flip stops here: " + printable(node.trouble, 400) + "\n";
  return out;
}

Result<bool> said(Operator& op, const Invocation& invocation, const char* option,
                  boost::asio::awaitable<Result<void>> (*say)(driver::FleetStore&, std::string, std::string)) {
  if (!invocation.has(option)) return false;
  const auto done = op.wait(say(op.store(), invocation.own.at(option), op.who()));
  if (!done) return done.error();
  return true;
}

}  // namespace

int run_nodes(const Invocation& invocation) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const auto gone = said(**op, invocation, "declare-gone", driver::declare_node_gone);
  if (!gone) return report(gone.error());
  const auto unwaited = said(**op, invocation, "exclude-from-wait", driver::exclude_node_from_wait);
  if (!unwaited) return report(unwaited.error());
  const auto nodes = (*op)->wait(driver::look_at_nodes((*op)->store()));
  if (!nodes) return report(nodes.error());
  json document = json::array();
  std::string text;
  for (const driver::NodeShown& node : *nodes) {
    document.push_back(document_of(node));
    text += line_of(node);
  }
  if (invocation.has("json")) text = document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace keyshift::cli
