#include "control/connection_name.hpp"

namespace keyshift::control {
namespace {
constexpr std::string_view kPrefix = "keyshift:";
constexpr std::string_view kFree = "free=";
}  // namespace

std::string text(const ConnectionName& name) {
  std::string out = std::string(kPrefix) + name.proxy + ":";
  switch (name.carries) {
    case Carries::records:
      return out + text(name.id);
    case Carries::free:
      return out.append(kFree) + text(name.id);
    case Carries::none:
      return out + "none";
    case Carries::control:
      return out + "ctl";
  }
  return out;
}

std::optional<ConnectionName> connection_name_of(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  ConnectionName out;
  out.proxy = text.substr(0, colon);
  auto rest = text.substr(colon + 1);
  if (rest == "none") return out;
  if (rest == "ctl") {
    out.carries = Carries::control;
    return out;
  }
  out.carries = rest.starts_with(kFree) ? Carries::free : Carries::records;
  if (out.carries == Carries::free) rest.remove_prefix(kFree.size());
  const auto id = change_id_of(rest);
  if (!id) return std::nullopt;
  out.id = *id;
  return out;
}

Standing standing(std::string_view name, const Change& hold) {
  const auto ours = connection_name_of(name);
  if (!ours) return Standing::foreign;
  switch (ours->carries) {
    case Carries::records:
      return ours->id == hold.id ? Standing::in_step : Standing::late;
    case Carries::free:
      return ours->id == hold.scope ? Standing::in_step : Standing::late;
    case Carries::none:
    case Carries::control:
      return Standing::in_step;
  }
  return Standing::late;
}

}  // namespace keyshift::control
