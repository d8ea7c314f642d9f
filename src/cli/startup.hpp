#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "cli/settings.hpp"
#include "control/serving.hpp"
#include "driver/sweeper.hpp"
#include "migration/mode.hpp"
#include "proxy/net/options.hpp"
#include "store/url.hpp"
#include "transforms/migration_file.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::cli {

/// What `keyshift proxy` and `keyshift sweep` know once their settings and files are read.
struct Startup {
  Settings settings;
  store::Url upstream;
  std::optional<store::Url> source;  ///< the migration's; without its password when that cannot be had here
  std::optional<transforms::MigrationFile> migration;
  std::shared_ptr<const transforms::RuleSet> rules;  ///< null without a migration
  migration::Mode mode = migration::Mode::old;
  migration::View view = migration::View::old;
  std::string name;         ///< of this process, fit for CLIENT SETNAME
  std::string run;          ///< of the migration, in reserved keys
  std::string admin_token;  ///< empty: none
};

/// Reads everything that the settings name. `command_line` goes before the environment, that before the file of
/// --config. An error's text may have several lines, one per thing that is wrong with a file.
Result<Startup> prepare(const Layer& command_line);

/// The view that the words of --view name: old, new, or SCHEMA=VERSION of one end of the migration.
Result<migration::View> view_of(const std::vector<std::string>& words, const transforms::MigrationFile* migration);

/// What of `name` CLIENT SETNAME takes and the separators of our connection names leave over.
std::string connection_word(std::string_view name);

/// What a proxy acts on that is given its rules and its mode by hand.
std::shared_ptr<const control::Serving> serving_of(const Startup& startup);

proxy::ProxyOptions proxy_options(const Startup& startup);
/// `repeat_after` as in SweeperOptions; the sweeper asks the store what gate_of() says.
driver::SweeperOptions sweeper_options(const Startup& startup, Duration repeat_after);

/// Reads a file whole; error `file` when it cannot be read or is longer than 16 MiB.
Result<std::string> read_file(const std::string& path);
/// Reads and checks a migration file; error `file` with one line per diagnostic.
Result<transforms::MigrationFile> load_migration(const std::string& path);

}  // namespace keyshift::cli
