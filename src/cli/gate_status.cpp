#include "cli/gate_status.hpp"

#include <nlohmann/json.hpp>

#include "cli/node_overrides.hpp"

namespace keyshift::cli {

using nlohmann::json;

json results_part(const control::GateFacts& facts) {
  const control::RunNotes& notes = facts.notes;
  const std::pair<const char*, const std::optional<control::GateResult>*> all[] = {
      {"pass", &notes.pass}, {"verify", &notes.verify}, {"rehearsal", &notes.rehearsal}, {"way-back", &notes.way_back}};
  json out = json::array();
  for (const auto& [name, result] : all)
    if (*result)
      out.push_back({{"result", name},
                     {"counts", control::holds(*result, facts)},
                     {"era", (*result)->era},
                     {"when", clock_text((*result)->at)},
                     {"who", printable((*result)->by)},
                     {"looked_at", (*result)->looked_at},
                     {"wrong", (*result)->wrong}});
  return out;
}

json backups_part(const control::GateFacts& facts) {
  json out{{"running", nullptr}, {"trouble", nullptr}};
  if (!facts.backup_running.empty()) out["running"] = facts.backup_running;
  if (facts.backup_trouble) out["trouble"] = printable(*facts.backup_trouble, 1000);
  return out;
}

std::string results_text(const json& run) {
  std::string out;
  for (const json& one : run.value("results", json::array()))
    if (one["counts"] == true)
      out += "  " + one["result"].get<std::string>() + ": " + one["wrong"].dump() + " wrong of " +
             one["looked_at"].dump() + ", " + one["when"].get<std::string>() + ", by " + one["who"].get<std::string>() +
             "\n";
  const json backups = run.value("backups", json::object());
  if (backups.contains("running") && backups["running"].is_string())
    out += "  a backup is being taken by " + backups["running"].get<std::string>() + "\n";
  return out;
}

}  // namespace keyshift::cli
