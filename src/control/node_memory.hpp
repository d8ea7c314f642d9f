#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "control/flip.hpp"

namespace keyshift::control {

/// A server that was seen to belong to the store. It counts in every look until it is declared gone or seen to belong
/// no more: who drops out of INFO may still be promoted, with connections that nobody has looked at.
struct KnownNode {
  std::string run;     ///< its run_id; "?<name>" when it never answered
  std::string name;    ///< host:port; "former <host:port>": who was behind that address before a failover
  UnixMillis since{};  ///< first seen as this
  bool operator==(const KnownNode&) const = default;
};

/// An operator's word about a node: when, who.
struct NodeOverride {
  UnixMillis at{};
  Bytes who;
  bool operator==(const NodeOverride&) const = default;
};

/// The hash at nodes_name(): nodes and overrides by run.
struct NodeMemory {
  std::map<std::string, KnownNode> nodes;
  std::map<std::string, NodeOverride> gone;      ///< stopped or fenced: not asked for
  std::map<std::string, NodeOverride> unwaited;  ///< clean passes do not wait for it
  bool operator==(const NodeMemory&) const = default;
};

/// Never fails: a node in a form that is not known is one that cannot be asked.
NodeMemory read_node_memory(const std::map<Bytes, Bytes>& fields);

/// One field of the hash, written or (no value) deleted, and what the audit says of it; empty: nothing.
struct MemoryChange {
  Bytes field;
  std::optional<Bytes> value;
  std::vector<std::pair<Bytes, Bytes>> audit;
  bool operator==(const MemoryChange&) const = default;
};
MemoryChange remember(const KnownNode& node);
MemoryChange declare_gone(const KnownNode& node, const NodeOverride& said);
MemoryChange exclude_from_wait(const KnownNode& node, const NodeOverride& said);
/// The override has ended; `why` for the audit.
MemoryChange end_gone(const KnownNode& node, Bytes why);
MemoryChange end_exclusion(const KnownNode& node, Bytes why);
void apply(NodeMemory& memory, const MemoryChange& change);

/// One server as a driver found it by asking it.
struct NodeSight {
  std::string name;
  bool listed = false;    ///< it is the primary that was asked first, or its primary lists it
  bool reached = false;   ///< it answered
  std::string run{};      ///< of one that was reached
  bool primary = false;   ///< it says that it is one
  bool linked = false;    ///< a replica whose link to its primary is up
  bool key = true;        ///< an epoch key lies there, or it could not be told
  bool level = false;     ///< it has all that its primary had when that was asked
  std::string trouble{};  ///< why it could not be reached, or may not be trusted now
};

/// Names of remembered nodes that nobody lists: they are to be asked themselves, and added to `seen`.
std::vector<std::string> unlisted(const NodeMemory& memory, const std::vector<NodeSight>& seen);

/// What a flip counts, and what is written down of it.
struct Reckoning {
  std::vector<Node> nodes;  ///< without those that are declared gone; the primary first, as in `seen`
  std::vector<MemoryChange> changes;
};
/// `seen`: the primary first, then whoever is listed, then unlisted().
Reckoning reckon(const NodeMemory& memory, const std::vector<NodeSight>& seen, UnixMillis now);

}  // namespace keyshift::control
