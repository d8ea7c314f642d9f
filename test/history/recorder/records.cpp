#include "records.hpp"

namespace keyshift::history {

namespace {

std::string put_in(std::string name, const std::string& id) {
  const auto place = name.find('%');
  return name.replace(place, 1, id);
}

constexpr Kind kinds[] = {Kind::string, Kind::group, Kind::counter, Kind::list,
                          Kind::string, Kind::hash,  Kind::group,   Kind::set};
constexpr char letters[] = "snhltg";

}  // namespace

std::vector<Unit> units_of(const Options& options) {
  std::vector<Unit> units;
  for (std::uint32_t i = 0; i < options.units; ++i) {
    Unit unit{kinds[i % std::size(kinds)], {}};
    const std::uint32_t members = unit.kind == Kind::group ? 3 : 1;
    for (std::uint32_t member = 0; member < members; ++member) {
      const auto& [older, newer] = options.families[(i / std::size(kinds) + member) % options.families.size()];
      std::string id = letters[static_cast<std::size_t>(unit.kind)] + std::to_string(i);
      if (members > 1) id += static_cast<char>('a' + member);
      unit.records.push_back({put_in(older, id), put_in(newer, id)});
    }
    units.push_back(std::move(unit));
  }
  return units;
}

}  // namespace keyshift::history
