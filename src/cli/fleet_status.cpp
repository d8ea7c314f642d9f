// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "cli/fleet_status.hpp"

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/gate_status.hpp"
#include "cli/node_overrides.hpp"
#include "control/client_line.hpp"
#include "control/connection_name.hpp"
#include "control/phases.hpp"
#include "migration/checkpoint.hpp"
#include "migration/reserved_name.hpp"

namespace keyshift::cli {
namespace {

using nlohmann::json;

json change_part(const control::Change& change) {
  return {{"epoch", change.id.epoch},
          {"change", text(change.id)},
          {"kind", change.hold ? "hold" : "serve"},
          {"forced", change.forced},
          {"era", change.era}};
}

/// What a proxy has said of itself; null where it has not, or not lately.
json report_part(const ProxyReports& reports, const std::string& proxy) {
  for (std::size_t i = 0; i < reports.proxies.size() && i < reports.reports.size(); ++i)
    if (const auto& report = reports.reports[i]; report && reports.proxies[i] == proxy)
      return {{"version", report->version}, {"view", report->view},       {"epoch", report->epoch},
              {"records", report->records}, {"clients", report->clients}, {"written_ms", report->written_ms}};
  return nullptr;
}

/// Connections of each proxy by what they carry, and how many are at the change that is current.
json proxies_part(std::string_view clients, const ProxyReports& reports, const control::Change& cur) {
  struct Seen {
    std::uint64_t connections = 0, behind = 0;
  };
  std::map<std::string, Seen> proxies;
  for (const std::string& proxy : reports.proxies) proxies[proxy];
  for (const control::ClientFields& client : control::every_client(clients)) {
    const auto name = control::connection_name_of(client.name);
    if (!name || name->carries == control::Carries::none || name->carries == control::Carries::control) continue;
    Seen& seen = proxies[name->proxy];
    ++seen.connections;
    if (control::standing(client.name, cur) == control::Standing::late) ++seen.behind;
  }
  json out = json::array();
  for (const auto& [proxy, seen] : proxies)
    out.push_back({{"name", proxy},
                   {"connections", seen.connections},
                   {"behind", seen.behind},
                   {"report", report_part(reports, proxy)}});
  return out;
}

json sweep_part(const resp::Reply& reply) {
  if (!reply.textual()) return nullptr;
  const auto checkpoint = migration::read_checkpoint(reply.text);
  if (!checkpoint) return {{"trouble", checkpoint.error().what}};
  migration::RuleCounts total;
  for (const auto& counts : checkpoint->counts) total += counts;
  return {{"mode", migration::name(checkpoint->mode)},
          {"pass", checkpoint->pass},
          {"scanned", checkpoint->scanned},
          {"moved", total.moved},
          {"conflicts", total.conflicts},
          {"failed", total.failed}};
}

json obstacles_part(control::Wanted wanted, const MeantRun& run, const control::GateFacts& facts) {
  json out = json::array();
  for (const control::Obstacle& obstacle : control::obstacles(wanted, run.spec, facts))
    out.push_back({{"reason", name(obstacle.reason)},
                   {"meaning", meaning(obstacle.reason)},
                   {"detail", obstacle.detail},
                   {"forceable", control::forceable(obstacle.reason)}});
  return out;
}

json run_part(const MeantRun& run, const control::GateFacts& facts, const resp::Reply& checkpoint) {
  const control::Wanted next = control::next_wish(run.entry.phase);
  json out{{"name", run.entry.name},
           {"id", run.entry.id},
           {"phase", name(run.entry.phase)},
           {"mode", migration::name(control::mode_of(run.entry.phase))},
           {"wanted", name(run.entry.wanted)},
           {"paused", facts.notes.paused},
           {"rate", facts.notes.rate ? json(*facts.notes.rate) : json(run.spec.sweep.max_keys_per_second)},
           {"sweep", sweep_part(checkpoint)},
           {"next", name(next)}};
  out["waits_for"] = next == control::Wanted::nothing ? json::array() : obstacles_part(next, run, facts);
  out["results"] = results_part(facts);
  out["backups"] = backups_part(facts);
  return out;
}

std::string time_of(const std::string& id) {
  return clock_text(UnixMillis(milliseconds(std::strtoll(id.c_str(), nullptr, 10))));
}

std::string said(const json& object, const char* name) {
  return object.contains(name) && object[name].is_string() ? printable(object[name].get<std::string>()) : "-";
}

std::string report_text(const json& report) {
  if (!report.is_object()) return ", no report";
  return ", " + report["clients"].dump() + " clients of the " + said(report, "view") + " view, epoch " +
         report["epoch"].dump() + ", records " + said(report, "records") + ", version " + said(report, "version");
}

}  // namespace

Result<json> fleet_document(Operator& op) {
  const auto state = op.read();
  if (!state) return state.error();
  const control::Change& cur = state->record->cur;
  json out{{"upstream", op.startup().upstream.printed()},
           {"current", change_part(cur)},
           {"settled", state->record->settled()}};
  if (!state->record->settled()) out["next"] = change_part(state->record->next);
  Commands clients{{"CLIENT", "LIST"}, {"HGETALL", migration::nodes_name()}};
  const auto listed = op.wait(ask_all(op.store(), std::move(clients)));
  if (!listed) return listed.error();
  out["proxies"] = nullptr;
  if (listed->front().textual()) {
    const auto reports = op.wait(read_reports(op.store(), listed->front().text));
    if (!reports) return reports.error();
    out["proxies"] = proxies_part(listed->front().text, *reports, cur);
  }
  out["overrides"] = overrides_document(control::read_node_memory(fields_of(listed->at(1))));
  out["runs"] = json::array();
  for (const control::RunEntry& entry : cur.runs) {
    const auto run = understood(*state, entry);
    if (!run) {
      out["runs"].push_back(
          {{"name", entry.name}, {"id", entry.id}, {"phase", name(entry.phase)}, {"trouble", run.error().what}});
      continue;
    }
    const auto facts = op.wait(gather_facts(op.store(), cur, *run));
    if (!facts) return facts.error();
    Commands checkpoint{{"GET", migration::checkpoint_name(entry.id)}};
    const auto replies = op.wait(ask_all(op.store(), std::move(checkpoint)));
    if (!replies) return replies.error();
    out["runs"].push_back(run_part(*run, *facts, replies->front()));
    json bypass = json::array();
    if (facts->bypass)
      for (const std::string& client : *facts->bypass) bypass.push_back(client);
    out["bypass_clients"] = facts->bypass ? std::move(bypass) : json(nullptr);
  }
  return Result<json>(boost::system::in_place_value, std::move(out));
}

Result<json> history_document(Operator& op) {
  Commands commands{{"XREVRANGE", migration::audit_name(), "+", "-", "COUNT", "1000"}};
  const auto replies = op.wait(ask_all(op.store(), std::move(commands)));
  if (!replies) return replies.error();
  const resp::Reply& entries = replies->front();
  if (entries.error()) return fail(ErrorCode::store, "the audit cannot be read: " + Bytes(entries.text));
  json out = json::array();
  for (const resp::Reply& entry : entries.elements) {
    if (entry.elements.size() != 2) continue;
    json one{{"id", entry.elements[0].text}, {"when", time_of(std::string(entry.elements[0].text))}};
    const auto& fields = entry.elements[1].elements;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) one[std::string(fields[i].text)] = fields[i + 1].text;
    out.push_back(std::move(one));
  }
  return Result<json>(boost::system::in_place_value, std::move(out));
}

std::string fleet_text(const json& d) {
  const json& cur = d["current"];
  std::string out = d["upstream"].get<std::string>() + ": " + cur["kind"].get<std::string>() + " of epoch " +
                    cur["epoch"].dump() + ", era " + cur["era"].dump() +
                    (d["settled"] == true ? "" : ", a change is under way") + "\n";
  for (const json& run : d["runs"]) {
    out += "run " + said(run, "name") + " (" + said(run, "id") + "): phase " + said(run, "phase") + ", mode " +
           said(run, "mode") + (run.value("paused", false) ? ", sweep paused" : "") + "\n";
    if (run.contains("trouble")) out += "  " + said(run, "trouble") + "\n";
    if (run.contains("sweep") && run["sweep"].is_object())
      out += "  sweep: pass " + run["sweep"].value("pass", json(0)).dump() + ", moved " +
             run["sweep"].value("moved", json(0)).dump() + ", conflicts " +
             run["sweep"].value("conflicts", json(0)).dump() + "\n";
    out += results_text(run);
    if (said(run, "next") != "nothing" && run.contains("waits_for"))
      out += "  next: " + said(run, "next") +
             (run["waits_for"].empty() ? ", nothing stands against it" : ", waits for:") + "\n";
    for (const json& obstacle : run.value("waits_for", json::array()))
      out += "    " + said(obstacle, "reason") + ": " + said(obstacle, "meaning") +
             (said(obstacle, "detail").empty() ? "" : ": " + said(obstacle, "detail")) + "\n";
  }
  if (d["proxies"].is_array())
    for (const json& proxy : d["proxies"])
      out += "proxy " + said(proxy, "name") + ": " + proxy["connections"].dump() + " connections, " +
             proxy["behind"].dump() + " behind" + report_text(proxy["report"]) + "\n";
  return out + overrides_text(d.value("overrides", json::array()));
}

std::string fleet_line(const json& d) {
  std::string out = "epoch " + d["current"]["epoch"].dump() + " " + d["current"]["kind"].get<std::string>();
  for (const json& run : d["runs"]) out += ", " + said(run, "name") + " " + said(run, "phase");
  return out;
}

std::string history_text(const json& entries) {
  std::string out;
  for (const json& e : entries)
    out += said(e, "when") + "  " + said(e, "who") + "  " + said(e, "what") + "  run " + said(e, "run") + "  " +
           said(e, "change") + (e.contains("details") ? "  " + said(e, "details") : "") + "\n";
  return out.empty() ? "nothing was done here yet\n" : out;
}

}  // namespace keyshift::cli
