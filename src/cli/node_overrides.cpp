#include "cli/node_overrides.hpp"

#include <ctime>
#include <nlohmann/json.hpp>

namespace keyshift::cli {

using nlohmann::json;

std::string clock_text(UnixMillis at) {
  const std::time_t whole = std::chrono::duration_cast<seconds>(at.time_since_epoch()).count();
  std::tm parts{};
  char text[32] = "";
  ::gmtime_r(&whole, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

json override_document(const control::NodeOverride& said) {
  return {{"who", printable(said.who)}, {"when", clock_text(said.at)}};
}

std::string override_text(const control::NodeOverride& said) {
  return "by " + printable(said.who) + ", " + clock_text(said.at);
}

json overrides_document(const control::NodeMemory& memory) {
  json out = json::array();
  const auto add = [&](const auto& all, const char* what) {
    for (const auto& [run, said] : all) {
      const auto node = memory.nodes.find(run);
      json one = override_document(said);
      one["node"] = node == memory.nodes.end() ? run : node->second.name;
      one["what"] = what;
      out.push_back(std::move(one));
    }
  };
  add(memory.gone, "gone");
  add(memory.unwaited, "excluded from WAIT");
  return out;
}

std::string overrides_text(const json& document) {
  std::string out;
  for (const json& one : document)
    out += "node " + one["node"].get<std::string>() + ": " + one["what"].get<std::string>() + ", by " +
           one["who"].get<std::string>() + ", " + one["when"].get<std::string>() + "\n";
  return out;
}

}  // namespace keyshift::cli
