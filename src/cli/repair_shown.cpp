#include "cli/repair_shown.hpp"

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"

namespace keyshift::cli {
namespace {

using control::ChangeFound;
using control::RepairPlan;
using nlohmann::json;

json runs_part(const control::Change& change) {
  json out = json::array();
  for (const control::RunEntry& run : change.runs)
    out.push_back({{"name", printable(run.name)}, {"id", printable(run.id)}, {"phase", name(run.phase)}});
  return out;
}

json change_part(const control::Change& change) {
  return {{"change", text(change.id)},
          {"kind", change.hold ? "hold" : "serve"},
          {"era", change.era},
          {"runs", runs_part(change)}};
}

json found_part(const ChangeFound& found) {
  if (found.state == ChangeFound::State::absent) return nullptr;
  if (found.change) return change_part(*found.change);
  json out{{"trouble", printable(found.what, 300)}};
  if (found.id) out["change"] = text(found.id);
  return out;
}

std::vector<std::string> warnings_of(const RepairPlan& plan, const std::vector<CountedRule>& counted) {
  std::vector<std::string> out;
  if (plan.kind != RepairPlan::Kind::write) return out;
  for (const std::string& run : plan.missing)
    out.push_back("the spec of the run " + printable(run) +
                  " is not at the store: its records stay refused until it is. Give it back: --migration FILE");
  if (plan.proven) return out;
  out.emplace_back(
      "nothing tells which runs there were: none will be registered, and proxies forward every command as apps send "
      "it. A record that was moved is not found under its old name");
  for (const CountedRule& rule : counted)
    if (rule.to != 0)
      out.push_back(
          "rule " + rule.rule + ": " + std::to_string(rule.to) +
          " records lie under their new names. Stop the apps, repair, then at once keyshift apply FILE and "
          "keyshift start --force rehearsal-failures: from then on each is found under whichever name it has");
  return out;
}

std::string change_text(const json& change) {
  if (change.is_null()) return "none";
  if (change.contains("trouble")) return change["trouble"].get<std::string>();
  std::string out =
      change["kind"].get<std::string>() + " " + change["change"].get<std::string>() + ", era " + change["era"].dump();
  for (const json& run : change["runs"])
    out += ", run " + run["name"].get<std::string>() + " in " + run["phase"].get<std::string>();
  return out;
}

}  // namespace

json repair_document(const control::RepairFacts& facts, const RepairPlan& plan,
                     const std::vector<CountedRule>& counted) {
  json out{{"record", {{"cur", found_part(facts.cur)}, {"next", found_part(facts.next)}}},
           {"nodes", json::array()},
           {"specs", facts.specs},
           {"audited", facts.audited ? json(text(facts.audited)) : json(nullptr)},
           {"reasons", json::array()},
           {"writes", nullptr},
           {"missing_specs", json::array()},
           {"counted", json::array()},
           {"warnings", warnings_of(plan, counted)}};
  for (const control::NodeKnowledge& node : facts.nodes)
    out["nodes"].push_back({{"name", node.name},
                            {"trouble", node.trouble},
                            {"epoch_key", found_part(node.key)},
                            {"connections", node.names}});
  for (const std::string& reason : plan.reasons) out["reasons"].push_back(printable(reason, 400));
  for (const std::string& run : plan.missing) out["missing_specs"].push_back(printable(run));
  for (const CountedRule& rule : counted)
    out["counted"].push_back({{"rule", rule.rule}, {"old", rule.from}, {"new", rule.to}});
  if (plan.kind != RepairPlan::Kind::write) return out;
  out["writes"] = change_part(plan.hold);
  out["writes"]["proven"] = plan.proven;
  return out;
}

std::string repair_text(const json& d) {
  std::string out = "control record: " + change_text(d["record"]["cur"]);
  if (d["record"]["next"] != d["record"]["cur"]) out += "\n    next: " + change_text(d["record"]["next"]);
  for (const json& node : d["nodes"]) {
    out += "\nnode " + node["name"].get<std::string>() + ": epoch key " + change_text(node["epoch_key"]);
    if (const auto trouble = node["trouble"].get<std::string>(); !trouble.empty()) out += "\n    " + trouble;
    for (const auto& [name, count] : node["connections"].items())
      out += "\n    " + count.dump() + " connections of proxies at " + name;
  }
  out += "\nspecs at the store: " + std::to_string(d["specs"].size()) +
         "\nlast change in the audit: " + (d["audited"].is_null() ? "none" : d["audited"].get<std::string>()) + "\n";
  for (const json& reason : d["reasons"]) out += "wrong: " + reason.get<std::string>() + "\n";
  for (const json& rule : d["counted"])
    out += "rule " + rule["rule"].get<std::string>() + ": " + rule["old"].dump() + " records under old names, " +
           rule["new"].dump() + " under new ones (of the first 100,000 keys)\n";
  for (const json& warning : d["warnings"]) out += "warning: " + warning.get<std::string>() + "\n";
  if (!d["writes"].is_null())
    out += "to be written: forced " + change_text(d["writes"]) + ", then its serve, once every node has shown it\n";
  return out;
}

}  // namespace keyshift::cli
