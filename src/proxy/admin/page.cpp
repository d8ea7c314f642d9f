#include "proxy/admin/page.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace keyshift::proxy {
namespace {

struct Line {
  std::string_view label;
  std::string_view pointer;  ///< JSON pointer into the status document
};

struct Section {
  std::string_view title;
  std::span<const Line> lines;
};

constexpr Line now_lines[] = {{"mode", "/mode"},       {"view of the apps", "/view"}, {"migration", "/migration/name"},
                              {"ready", "/ready"},     {"draining", "/draining"},     {"up for (s)", "/uptime_seconds"},
                              {"version", "/version"}, {"Redis", "/upstream"}};
constexpr Line traffic_lines[] = {{"commands per second", "/commands/per_second"},
                                  {"commands", "/commands/total"},
                                  {"... as they came", "/commands/forward"},
                                  {"... renamed", "/commands/rewrite"},
                                  {"... with a move", "/commands/ensure"},
                                  {"... refused", "/commands/refuse"},
                                  {"mean time at Redis (s)", "/commands/mean_seconds"},
                                  {"clients", "/clients/connected"},
                                  {"connections to Redis", "/upstream_connections/open"}};
constexpr Line sweep_lines[] = {{"state", "/sweep/state"},
                                {"pass", "/sweep/pass"},
                                {"of this pass (estimate, 0 to 1)", "/sweep/pass_estimate"},
                                {"clean pass", "/sweep/clean_pass"},
                                {"records moved", "/sweep/moved"},
                                {"keys looked at", "/sweep/scanned"},
                                {"records per second", "/sweep/keys_per_second"},
                                {"allowed per second (0: no limit)", "/sweep/allowed_keys_per_second"},
                                {"server latency (s)", "/sweep/server_latency_seconds"},
                                {"waits for", "/sweep/waits"},
                                {"which means", "/sweep/why"},
                                {"detail", "/sweep/detail"},
                                {"conflicts", "/sweep/conflicts"},
                                {"failed, asked again later", "/sweep/failed"}};
constexpr Line failure_lines[] = {{"refused commands", "/failures/refused"},
                                  {"outcomes unknown", "/failures/unknown_outcomes"},
                                  {"connections to Redis lost", "/upstream_connections/failures"},
                                  {"clients that sent no RESP", "/failures/protocol_errors"},
                                  {"clients that did not read", "/failures/output_limit_kills"}};
constexpr std::array<Section, 4> sections{
    {{"Now", now_lines}, {"Traffic", traffic_lines}, {"Sweep", sweep_lines}, {"Failures", failure_lines}}};
constexpr std::array<std::string_view, 7> rule_columns{"name",  "from",      "to",    "moved_by_commands",
                                                       "swept", "conflicts", "failed"};

constexpr std::string_view head = R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Keyshift</title>
<meta name="viewport" content="width=device-width"><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#1c2733;background:#fafbfc}
h1{font-size:1.4em}h2{font-size:1.05em;margin:1.4em 0 .3em}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.15em .6em .15em 0;border-bottom:1px solid #e3e8ee;vertical-align:top}
td:first-child{width:16em;color:#52606d}#gone{display:none;color:#b00020}
@media(prefers-color-scheme:dark){body{color:#dde3ea;background:#14191f}td,th{border-color:#2c3640}td:first-child{color:#9aa8b5}}
</style></head><body><h1>Keyshift</h1><p id="gone">The proxy does not answer; what is shown is old.</p>
)";

constexpr std::string_view tail =
    R"(<p><a href="/status">status</a> <a href="/config">settings</a> <a href="/metrics">metrics</a></p>
<script>
"use strict";
const at=(d,p)=>p.split("/").slice(1).reduce((v,k)=>v==null?v:v[k],d);
const show=v=>v==null||v===""?"\u2014":typeof v==="number"&&!Number.isInteger(v)?String(+v.toPrecision(4)):String(v);
setInterval(async()=>{try{const d=await(await fetch("/status")).json();
for(const e of document.querySelectorAll("[data-p]"))e.textContent=show(at(d,e.dataset.p));
document.getElementById("gone").style.display="none"}catch(e){document.getElementById("gone").style.display="block"}},1000);
</script></body></html>
)";

std::string shown(const nlohmann::json* value) {
  if (value == nullptr || value->is_null()) return "\u2014";
  if (!value->is_string()) return value->dump();
  const auto& text = value->get_ref<const std::string&>();
  return text.empty() ? "\u2014" : text;
}

const nlohmann::json* find(const nlohmann::json& status, const std::string& pointer) {
  const nlohmann::json::json_pointer path(pointer);
  return status.contains(path) ? &status.at(path) : nullptr;
}

std::string cell(const nlohmann::json& status, const std::string& pointer) {
  return "<td data-p=\"" + html_escaped(pointer) + "\">" + html_escaped(shown(find(status, pointer))) + "</td>";
}

std::string section(const nlohmann::json& status, const Section& of) {
  std::string out = "<h2>" + std::string(of.title) + "</h2><table>";
  for (const Line& line : of.lines)
    out += "<tr><td>" + std::string(line.label) + "</td>" + cell(status, std::string(line.pointer)) + "</tr>\n";
  return out + "</table>\n";
}

std::string rules(const nlohmann::json& status) {
  const nlohmann::json* list = find(status, "/rules");
  if (list == nullptr || !list->is_array() || list->empty()) return {};
  std::string out = "<h2>Rules</h2><table><tr>";
  for (const auto column : rule_columns) out.append("<th>").append(column).append("</th>");
  out += "</tr>\n";
  for (std::size_t i = 0; i < list->size(); ++i) {
    out += "<tr>";
    for (const auto column : rule_columns)
      out += cell(status, "/rules/" + std::to_string(i) + "/" + std::string(column));
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string status_page(const nlohmann::json& status) {
  std::string out(head);
  for (const Section& of : sections) out += section(status, of);
  return out + rules(status) + std::string(tail);
}

}  // namespace keyshift::proxy
