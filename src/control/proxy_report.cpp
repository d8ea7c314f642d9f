#include "control/proxy_report.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "control/client_line.hpp"
#include "control/connection_name.hpp"

namespace keyshift::control {
namespace {

using nlohmann::json;

std::string words(const json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number(const json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

std::optional<ProxyReport> read_proxy_report(BytesView text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || number(document, "format") != 1) return std::nullopt;
  ProxyReport out;
  out.version = words(document, "version");
  out.view = words(document, "view");
  out.epoch = number(document, "epoch");
  out.records = words(document, "records");
  out.clients = number(document, "clients");
  out.written_ms = static_cast<std::int64_t>(number(document, "written_ms"));
  return out;
}

std::vector<std::string> proxies_of(std::string_view clients) {
  std::set<std::string> out;
  for (const ClientFields& client : every_client(clients)) {
    auto name = connection_name_of(client.name);
    if (name && name->carries != Carries::control) out.insert(std::move(name->proxy));
  }
  return {out.begin(), out.end()};
}

std::vector<std::string> with_old_view(const std::vector<std::string>& proxies,
                                       const std::vector<std::optional<ProxyReport>>& reports) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    const bool reported = i < reports.size() && reports[i].has_value();
    if (!reported)
      out.push_back("proxy " + proxies[i] + " has left no report that says which names its apps use");
    else if (reports[i]->view != "new")
      out.push_back("proxy " + proxies[i] + " (" + std::to_string(reports[i]->clients) + " clients)");
  }
  return out;
}

}  // namespace keyshift::control
