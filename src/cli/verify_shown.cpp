#include "cli/verify_shown.hpp"

#include <nlohmann/json.hpp>

namespace keyshift::cli {

using nlohmann::json;

json verify_document(const control::VerifyReport& report, const transforms::RuleSet& rules) {
  json by_rule = json::array(), listed = json::array();
  for (std::size_t i = 0; i < report.rules.size(); ++i) {
    const control::VerifyCounts& counts = report.rules[i];
    by_rule.push_back({{"rule", rules.rules()[i].name},
                       {"in_place", counts.in_place},
                       {"left_behind", counts.left_behind},
                       {"checked", counts.checked},
                       {"quarantined", counts.quarantined}});
  }
  for (const control::Difference& one : report.listed)
    listed.push_back({{"rule", rules.rules()[one.rule].name},
                      {"kind", control::name(one.kind)},
                      {"key", printable(one.key, 1024)},
                      {"detail", one.detail}});
  return {{"mode", migration::name(report.mode)},
          {"clean", report.clean()},
          {"server", report.server},
          {"scanned", report.scanned},
          {"moving", report.moving},
          {"unconfirmed", report.unconfirmed},
          {"stable", report.stable},
          {"rules", std::move(by_rule)},
          {"differences", std::move(listed)}};
}

std::string verify_text(const json& document) {
  const auto number = [](const json& where, const char* field) {
    return std::to_string(where[field].get<std::uint64_t>());
  };
  std::string out = "mode " + document["mode"].get<std::string>() + ": " + number(document, "scanned") +
                    " keys looked at, " + number(document, "stable") + " stable differences, " +
                    number(document, "moving") + " that only moved\n";
  if (document["unconfirmed"] != 0)
    out += number(document, "unconfirmed") + " more at the first look, too many to be looked at again\n";
  for (const json& rule : document["rules"])
    out += "  rule " + rule["rule"].get<std::string>() + ": " + number(rule, "in_place") + " in place (" +
           number(rule, "checked") + " checked), " + number(rule, "left_behind") + " left behind at the first look, " +
           number(rule, "quarantined") + " in quarantine\n";
  for (const json& one : document["differences"]) {
    const auto detail = one["detail"].get<std::string>();
    out += one["kind"].get<std::string>() + " rule=" + one["rule"].get<std::string>() +
           " key=" + one["key"].get<std::string>() + (detail.empty() ? "" : ": " + detail) + "\n";
  }
  const std::uint64_t stable = document["stable"], listed = document["differences"].size();
  if (stable > listed) out += "... and " + std::to_string(stable - listed) + " more\n";
  return out + (document["clean"].get<bool>() ? "clean\n" : "NOT clean\n");
}

}  // namespace keyshift::cli
