#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace keyshift::cli::demo {

/// The three families of records of the demo, in the order of the rules in migration_text().
enum class Family : std::uint8_t {
  user,     ///< hash: name, plan, visits
  session,  ///< string with an expiry; the value of every fourth one is a counter
  cart,     ///< list
};

/// What an app knows about one of its records. Without `exists` nothing else counts.
struct Record {
  bool exists = true;
  std::int64_t expires_at = 0;     ///< milliseconds since 1970; 0: never
  std::vector<std::string> parts;  ///< the hash's values in the order above, the string, or the list's elements
  friend bool operator==(const Record&, const Record&) = default;
};

/// Where the records are. Records of `outside` have names that no rule knows, so both of their names are one.
struct Dataset {
  std::int64_t epoch_ms = 0;  ///< what expiries are counted from
  bool outside = false;
};

Family family_of(std::uint64_t id) noexcept;
bool is_counter(std::uint64_t id) noexcept;
std::string old_name(const Dataset& data, std::uint64_t id);
std::string new_name(const Dataset& data, std::uint64_t id);

/// The record as it is filled in: the same in every process.
Record first_record(const Dataset& data, std::uint64_t id);
/// The one command that makes `record` under `name` where there is none.
std::vector<std::string> create_command(const std::string& name, std::uint64_t id, const Record& record);
/// The hash's field at `index` of `parts`.
const char* user_field(std::size_t index) noexcept;

/// Under which names all records have to be at the end.
enum class Names : std::uint8_t { old, renamed };

/// One line of the file that the verdict reads (demo_verdict.hpp has its form).
std::string expected_line(const Dataset& data, std::uint64_t id, const Record& record, Names names);

/// What the clients call their connections past the proxies, which the migration file allows.
constexpr const char* direct_name = "demo-direct";

/// The migration file of the demo, for the Redis on that port of loopback. Gates want a proven backup in `backups`.
std::string migration_text(std::uint16_t redis_port, std::uint64_t keys_per_second, const std::string& backups);

}  // namespace keyshift::cli::demo
