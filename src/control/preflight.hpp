#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "control/bypass.hpp"

namespace keyshift::control {

/// What a finding means for a migration.
enum class FindingGrade : std::uint8_t { forbids, warning, note };
std::string_view name(FindingGrade grade) noexcept;

/// What `keyshift check` may find: the one list, from which docs/check.md comes. A code keeps its meaning for ever; new
/// ones are added at the end.
enum class Finding : std::uint8_t {
  unreachable,
  version,
  not_primary,
  cluster,
  sentinel,
  loading,
  no_replicas,
  slow_wait,
  replica_lag,
  not_persistent,
  snapshot_failed,
  aof_failed,
  eviction,
  memory,
  clock,
  command_refused,
  user_refused,
  scripts,
  slow_disk,
  writes_hang,
  too_few_replicas,
  proof,
  bypass,
  other_store,
  store_unknown,
  both_names,
  wrong_type,
  epoch_without_record,
  unknown,
  node,
};

struct FindingRow {
  Finding finding;
  std::string_view code;  ///< "KS-C001"
  FindingGrade grade;     ///< the usual one; what was found may be milder
  std::string_view title;
  std::string_view hint;  ///< what to do
};
std::span<const FindingRow> finding_rows() noexcept;
const FindingRow& finding_row(Finding finding) noexcept;

/// One finding, with what was seen.
struct Found {
  Finding finding;
  FindingGrade grade;
  std::string what;
};

/// What a node of the store says that is not the primary.
struct NodeFacts {
  std::string name;     ///< host:port
  std::string trouble;  ///< why a flip would stop at it; empty: it would not
  std::string info;     ///< INFO; empty: not asked
  std::vector<std::string> refused_commands;
};

/// What one look at a server gave. What could not be asked is empty, and said in `unknown`.
struct PreflightFacts {
  std::optional<std::string> unreachable;  ///< why; then nothing else is known
  bool sentinel = false;
  std::string info;                                      ///< INFO, every section
  std::map<std::string, std::string> config;             ///< CONFIG GET of what is needed
  std::optional<std::chrono::milliseconds> clock_ahead;  ///< the server's clock minus ours
  std::optional<std::chrono::milliseconds> wait_time;    ///< of WAIT for every replica that is online
  std::uint64_t wait_replicas = 0;                       ///< that had answered by then
  bool writes_hang = false;
  std::vector<std::string> refused_commands;  ///< "XADD: NOPERM ..."
  std::vector<std::string> refused_users;     ///< users of apps who may use a name and not the other one
  std::optional<std::string> proof_failed;    ///< why naming and killing does not work here
  std::vector<BypassClient> bypass;
  std::optional<std::string> other_store;
  std::vector<std::string> both_names, wrong_type;  ///< keys met by the bounded look
  std::vector<NodeFacts> nodes;                     ///< of the store, but the primary
  bool has_record = false, has_epoch_key = false;
  bool apart = false;                ///< a rule moves records between slots or servers, so that marks matter
  std::vector<std::string> doubts;   ///< whether the source is this store: what could not be made sure of
  std::vector<std::string> unknown;  ///< other things that could not be asked
};

/// Everything that stands against a migration there or should be known before it, in the order of the codes.
std::vector<Found> judge(const PreflightFacts& facts);

/// A command that the proxy's own user needs, with arguments that would be valid, and what for.
struct NeededCommand {
  std::vector<Bytes> argv;
  std::string_view what_for;
};
/// The one list of them. None is ever executed with these arguments: they are queued behind MULTI and discarded.
std::vector<NeededCommand> needed_commands();

/// docs/check.md.
std::string check_page();

}  // namespace keyshift::control
