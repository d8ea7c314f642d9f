#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keyshift::cli {

/// How the value of an option is written. docs/configuration.md says it for users.
enum class OptionKind : std::uint8_t {
  text,
  list,      ///< may be given several times; in the environment separated by commas, in a file a list
  file,      ///< path of a file that is read at start
  number,    ///< a whole number
  bytes,     ///< a number with B, KiB, MiB or GiB; a bare number is bytes
  duration,  ///< a number with ms, s, m or h; a bare number is seconds
  choice,    ///< one of the words of `values`
  flag,      ///< present or not; true or false in the environment and in a file
};

/// Which commands take a setting; each word includes those before it.
enum class OptionUse : std::uint8_t {
  proxy,  ///< `keyshift proxy` alone
  sweep,  ///< and `keyshift sweep`
  store,  ///< and the commands of operators, which speak to a store and end
};

/// One setting of `keyshift proxy`, `keyshift sweep` and the commands of operators: the one list, from which the
/// command line, the environment variables, the file of --config, /config and docs/configuration.md come. The views are
/// literals.
struct OptionRow {
  std::string_view name;  ///< "max-clients": --max-clients, KEYSHIFT_MAX_CLIENTS, max_clients
  OptionKind kind;
  std::string_view values;    ///< choice: the words, separated by '|'; else what stands for the value in help
  std::string_view fallback;  ///< default, as it would be written; empty: none
  OptionUse use;
  std::uint64_t least;  ///< number, bytes and duration (milliseconds): bounds
  std::uint64_t most;
  std::string_view meaning;
};

std::span<const OptionRow> options() noexcept;
/// The row of that name, or nullptr.
const OptionRow* find_option(std::string_view name) noexcept;

std::string environment_name(const OptionRow& row);  ///< "KEYSHIFT_MAX_CLIENTS"
std::string file_key(const OptionRow& row);          ///< "max_clients"

}  // namespace keyshift::cli
