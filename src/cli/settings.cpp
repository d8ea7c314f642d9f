#include "cli/settings.hpp"

#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "cli/option_values.hpp"
#include "store/url.hpp"

namespace keyshift::cli {
namespace {

Result<void> check(const OptionRow& row, const Setting& setting) {
  for (const std::string& value : setting.values)
    if (const auto ok = check_value(row, value); !ok)
      return fail(ErrorCode::usage, setting.where + ": " + std::string(row.name) + ": " + ok.error().what);
  return {};
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::string without_secret(const OptionRow& row, const std::string& value) {
  if (row.name != "upstream") return value;
  const auto url = store::Url::parse(value);
  return url ? url->printed() : "(not a URL)";
}

}  // namespace

Result<Settings> Settings::merge(const std::vector<Layer>& layers) {
  Settings out;
  for (const OptionRow& row : options()) {
    Setting chosen;
    if (!row.fallback.empty()) chosen.values = {std::string(row.fallback)};
    chosen.where = "default";
    for (const Layer& layer : layers) {
      const auto found = layer.find(row.name);
      if (found == layer.end()) continue;
      chosen = found->second;
      break;
    }
    if (const auto ok = check(row, chosen); !ok) return ok.error();
    out.entries_.emplace(row.name, std::move(chosen));
  }
  return out;
}

const Setting& Settings::at(std::string_view name) const {
  const auto found = entries_.find(name);
  KS_CHECK(found != entries_.end(), "a setting is asked for by a name of the table");
  return found->second;
}

const std::string& Settings::text(std::string_view name) const {
  static const std::string none;
  const Setting& setting = at(name);
  return setting.values.empty() ? none : setting.values.front();
}

std::uint64_t Settings::number(std::string_view name) const { return read_number(text(name)).value(); }
std::uint64_t Settings::bytes(std::string_view name) const { return read_bytes(text(name)).value(); }
Duration Settings::time(std::string_view name) const {
  return milliseconds(static_cast<std::int64_t>(read_milliseconds(text(name)).value()));
}
bool Settings::flag(std::string_view name) const { return read_flag(text(name)).value(); }

nlohmann::json Settings::shown() const {
  nlohmann::json out = nlohmann::json::object();
  for (const OptionRow& row : options()) {
    const Setting& setting = at(row.name);
    nlohmann::json value;
    if (row.kind == OptionKind::list)
      value = setting.values;
    else if (!setting.values.empty())
      value = without_secret(row, setting.values.front());
    out[file_key(row)] = {{"value", value}, {"from", setting.where}};
  }
  return out;
}

Layer from_environment(const std::function<const char*(const char*)>& variable) {
  Layer out;
  for (const OptionRow& row : options()) {
    const std::string name = environment_name(row);
    const char* value = variable(name.c_str());
    if (value == nullptr || *value == '\0') continue;
    auto values = row.kind == OptionKind::list ? split(value) : std::vector<std::string>{value};
    out[std::string(row.name)] = {std::move(values), Origin::environment, name};
  }
  return out;
}

}  // namespace keyshift::cli
