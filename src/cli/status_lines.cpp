#include "cli/status_lines.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"

namespace keyshift::cli {
namespace {

using nlohmann::json;

std::string shown(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty() ? "-" : printable(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_float()) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value.get<double>());
    return text;
  }
  return value.is_number() ? value.dump() : "-";
}

/// The value at `pointer`, shown; "-" when there is none.
std::string at(const json& document, const char* pointer) {
  const json::json_pointer path(pointer);
  return document.contains(path) ? shown(document.at(path)) : "-";
}

std::string percent(const json& document, const char* pointer) {
  const json::json_pointer path(pointer);
  if (!document.contains(path) || !document.at(path).is_number()) return "-";
  return std::to_string(std::lround(std::floor(document.at(path).get<double>() * 100))) + " %";
}

std::string per_rule(const json& status) {
  std::string out;
  if (!status.contains("rules") || !status["rules"].is_array()) return out;
  for (const json& rule : status["rules"])
    out += "  rule " + at(rule, "/name") + ": " + at(rule, "/from") + " -> " + at(rule, "/to") + ", moved " +
           at(rule, "/moved_by_commands") + " by commands, " + at(rule, "/swept") + " by the sweep, conflicts " +
           at(rule, "/conflicts") + ", failed " + at(rule, "/failed") + "\n";
  return out;
}

}  // namespace

std::string sweep_line(const json& sweep) {
  std::string out = "sweep " + at(sweep, "/state") + ": pass " + at(sweep, "/pass") + ", about " +
                    percent(sweep, "/pass_estimate") + " of it, moved " + at(sweep, "/moved") + " at " +
                    at(sweep, "/keys_per_second") + "/s, conflicts " + at(sweep, "/conflicts") + ", failed " +
                    at(sweep, "/failed");
  if (at(sweep, "/waits") != "none" && at(sweep, "/waits") != "-")
    out += ", waits: " + at(sweep, "/waits") + " (" + at(sweep, "/why") + ")";
  if (at(sweep, "/detail") != "-") out += ", " + at(sweep, "/detail");
  return out;
}

std::string status_text(const json& status) {
  std::string out = "keyshift " + at(status, "/version") + " " + at(status, "/name") + ", up " +
                    at(status, "/uptime_seconds") + " s, ready " + at(status, "/ready") + ", draining " +
                    at(status, "/draining") + "\n";
  out += "mode " + at(status, "/mode") + ", view " + at(status, "/view") + ", migration " +
         at(status, "/migration/name") + ", Redis " + at(status, "/upstream") + "\n";
  out += "clients " + at(status, "/clients/connected") + ", connections to Redis " +
         at(status, "/upstream_connections/open") + ", lost " + at(status, "/upstream_connections/failures") + "\n";
  out += "commands " + at(status, "/commands/total") + " (" + at(status, "/commands/per_second") + "/s): forward " +
         at(status, "/commands/forward") + ", rewrite " + at(status, "/commands/rewrite") + ", ensure " +
         at(status, "/commands/ensure") + "; refused " + at(status, "/failures/refused") + ", outcome unknown " +
         at(status, "/failures/unknown_outcomes") + "\n";
  out += per_rule(status);
  if (status.contains("sweep") && status["sweep"].is_object()) out += sweep_line(status["sweep"]) + "\n";
  return out;
}

std::string status_line(const json& status) {
  std::string out = "mode=" + at(status, "/mode") + " ready=" + at(status, "/ready") +
                    " clients=" + at(status, "/clients/connected") + " commands=" + at(status, "/commands/total") +
                    " per_second=" + at(status, "/commands/per_second") +
                    " refused=" + at(status, "/failures/refused") +
                    " unknown_outcomes=" + at(status, "/failures/unknown_outcomes");
  if (status.contains("sweep") && status["sweep"].is_object())
    out += " sweep=" + at(status, "/sweep/state") + " moved=" + at(status, "/sweep/moved") +
           " waits=" + at(status, "/sweep/waits");
  return out;
}

}  // namespace keyshift::cli
