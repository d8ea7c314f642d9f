#pragma once
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "cli/option_table.hpp"

namespace keyshift::cli {

/// Where the value of an option came from; the first one that has it wins.
enum class Origin : std::uint8_t { command_line, environment, file, fallback };

/// The value of an option as it was written, checked against its row. A list has several, anything else one.
struct Setting {
  std::vector<std::string> values;
  Origin origin = Origin::fallback;
  std::string where;  ///< for people: "--mode", "KEYSHIFT_MODE", "keyshift.yaml:3:1"
};

/// Values by option name, from one source.
using Layer = std::map<std::string, Setting, std::less<>>;

/// The settings of a process: every row of the table has an entry; without values when nothing is given and there is
/// no default.
class Settings {
 public:
  /// `layers` in order of precedence. The first error (usage) names where the value stands.
  static Result<Settings> merge(const std::vector<Layer>& layers);

  [[nodiscard]] const Setting& at(std::string_view name) const;
  /// The (first) value; empty when there is none.
  [[nodiscard]] const std::string& text(std::string_view name) const;
  [[nodiscard]] bool given(std::string_view name) const { return at(name).origin != Origin::fallback; }
  [[nodiscard]] std::uint64_t number(std::string_view name) const;
  [[nodiscard]] std::uint64_t bytes(std::string_view name) const;
  [[nodiscard]] Duration time(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;

  /// For /config: {"mode": {"value": "to-new", "from": "KEYSHIFT_MODE"}}. A password in a URL shows as ***.
  [[nodiscard]] nlohmann::json shown() const;

 private:
  Layer entries_;
};

/// What the environment gives; `variable` is getenv in real life.
Layer from_environment(const std::function<const char*(const char*)>& variable);

/// Reads the file of --config. All that is wrong with it at once: "file:line:column: error: what".
struct ConfigRead {
  Layer layer;
  std::vector<std::string> errors;
};
ConfigRead read_config(std::string_view text, const std::string& file);

}  // namespace keyshift::cli
