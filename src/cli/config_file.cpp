#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "cli/option_values.hpp"
#include "cli/settings.hpp"

namespace keyshift::cli {
namespace {

std::string place(const std::string& file, const YAML::Mark& mark) {
  if (mark.is_null()) return file;
  return file + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

const OptionRow* option_of_key(std::string_view key) {
  const auto rows = options();
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const OptionRow& row) { return file_key(row) == key && row.name != "config"; });
  return found == rows.end() ? nullptr : &*found;
}

/// Puts one entry into `out`, or says what is wrong with it.
void take(const YAML::Node& key, const YAML::Node& value, const std::string& file, ConfigRead& out) {
  const auto wrong = [&](const YAML::Node& at, const std::string& what) {
    out.errors.push_back(place(file, at.Mark()) + ": error: " + what);
  };
  if (!key.IsScalar()) return wrong(key, "a setting has a name");
  const OptionRow* row = option_of_key(key.Scalar());
  if (row == nullptr)
    return wrong(key, "there is no setting '" + printable(key.Scalar(), 64) + "' (docs/configuration.md lists them)");
  if (out.layer.contains(row->name)) return wrong(key, "'" + key.Scalar() + "' is given twice");
  Setting setting{{}, Origin::file, place(file, value.Mark())};
  const bool several = row->kind == OptionKind::list && value.IsSequence();
  if (!several && !value.IsScalar()) return wrong(value, "'" + key.Scalar() + "' wants one value");
  const auto add = [&](const YAML::Node& node) {
    if (!node.IsScalar()) return wrong(node, "'" + key.Scalar() + "' wants a list of plain values");
    if (const auto ok = check_value(*row, node.Scalar()); !ok)
      return wrong(node, key.Scalar() + ": " + ok.error().what);
    setting.values.push_back(node.Scalar());
  };
  if (several)
    for (const auto& node : value) add(node);
  else
    add(value);
  out.layer[std::string(row->name)] = std::move(setting);
}

}  // namespace

ConfigRead read_config(std::string_view text, const std::string& file) {
  ConfigRead out;
  // yaml-cpp throws on what is no YAML; nothing of it leaves this function.
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return out;
    if (!root.IsMap()) {
      out.errors.push_back(place(file, root.Mark()) + ": error: the file is a list of `name: value`");
      return out;
    }
    for (const auto& entry : root) take(entry.first, entry.second, file, out);
  } catch (const YAML::Exception& failure) {
    out.errors.push_back(place(file, failure.mark) + ": error: " + failure.msg);
  } catch (const std::exception&) {
    out.errors.push_back(file + ": error: this is not YAML");
  }
  return out;
}

}  // namespace keyshift::cli
