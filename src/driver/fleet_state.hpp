#pragma once
#include <map>

#include "control/node_memory.hpp"
#include "driver/fleet.hpp"

namespace keyshift::driver {

/// The connections of one process to the nodes of a store, all named keyshift:<name>:ctl and in database 0.
struct FleetStore::State {
  boost::asio::any_io_executor executor;
  FleetOptions options;
  std::map<std::string, std::unique_ptr<store::Connection>> connections;  ///< by name of the node
  std::map<std::string, Time> gone_asked;  ///< when nodes that are declared gone were last asked, by name

  /// What the primary is called: its address as the URL has it.
  [[nodiscard]] std::string primary_name() const;
  /// The connection to `node`, opened when there is none that lives. Error `store` too when the name is no address.
  boost::asio::awaitable<Result<store::Connection*>> connection(std::string node);
};

/// MULTI, ROLE, HGETALL, EXEC at the primary. Error `store`: not asked, or no primary; `control`: makes no sense.
boost::asio::awaitable<Result<std::optional<control::ControlRecord>>> read_record_at(FleetStore::State& state);

/// What asks `nodes` of a flip want: the primary, its replicas and theirs, and those that were seen before, each asked
/// itself.
struct NodeList {
  std::vector<control::Node> nodes;  ///< the primary first
  std::string identity;              ///< run_id and replication id of the primary
  std::vector<control::NodeSight> seen;
  std::map<std::string, std::uint64_t> offsets;  ///< in the replication stream, of those in `seen` that answered
  control::NodeMemory memory;                    ///< as it is now
};
/// Writes down, where there is a control record, who was seen and which overrides have ended.
boost::asio::awaitable<Result<NodeList>> list_nodes(FleetStore::State& state);

/// Writes changes of what is remembered of nodes, and their audit entries, in one transaction.
boost::asio::awaitable<Result<void>> write_memory(FleetStore::State& state, std::vector<control::MemoryChange> changes);

/// Does what a flip asks for. Trouble becomes a part of the answer.
boost::asio::awaitable<control::FlipAnswer> perform(FleetStore::State& state, const control::FlipAsk& ask);

/// The epoch key as `node` has it; none: absent. Error `control`: something else lies there.
boost::asio::awaitable<Result<std::optional<control::Change>>> read_key_at(FleetStore::State& state, std::string node);
/// Sets the epoch key at a primary if it still shows `seen` (0.0: absent). False: it does not.
boost::asio::awaitable<Result<bool>> set_key_at(FleetStore::State& state, std::string node, control::ChangeId seen,
                                                const control::Change& change);

/// Random 64 bits from the system, never 0.
std::uint64_t random_word();

}  // namespace keyshift::driver
