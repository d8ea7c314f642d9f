// Which servers a flip must count: those that are listed, and those that were and have not been seen to leave.
#include <algorithm>

#include "control/node_memory.hpp"

namespace keyshift::control {
namespace {

constexpr const char* kFormer = "former ";

class Reckoner {
 public:
  Reckoner(const NodeMemory& memory, const std::vector<NodeSight>& seen, UnixMillis now)
      : memory_(memory), seen_(seen), now_(now) {}

  Reckoning run() {
    for (const NodeSight& sight : seen_) sight.listed ? listed(sight) : remembered(sight);
    for (const auto& [run, node] : memory_.nodes) unseen(node);
    return std::move(out_);
  }

 private:
  [[nodiscard]] const KnownNode* by_run(const std::string& run) const {
    const auto found = memory_.nodes.find(run);
    return found == memory_.nodes.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const KnownNode* by_name(const std::string& name) const {
    for (const auto& [run, node] : memory_.nodes)
      if (node.name == name) return &node;
    return nullptr;
  }
  [[nodiscard]] bool reached_run(const std::string& run) const {
    return std::any_of(seen_.begin(), seen_.end(), [&](const auto& s) { return s.reached && s.run == run; });
  }
  void forget(const KnownNode& node, Bytes why) {
    MemoryChange change = remember(node);
    change.value.reset();
    change.audit = {{"what", "node forgotten"}, {"details", node.name + " (" + node.run + "): " + why}};
    if (memory_.gone.contains(node.run)) out_.changes.push_back(end_gone(node, why));
    if (memory_.unwaited.contains(node.run)) out_.changes.push_back(end_exclusion(node, why));
    out_.changes.push_back(std::move(change));
  }
  void returned(const KnownNode& node) {
    if (memory_.gone.contains(node.run)) out_.changes.push_back(end_gone(node, "it answers again"));
  }
  void unreachable(const NodeSight& sight, const std::string& run) {
    if (memory_.gone.contains(run)) return;
    out_.nodes.push_back({sight.name, false,
                          sight.trouble +
                              ". If it is stopped for good, say so: keyshift nodes "
                              "--declare-gone " +
                              sight.name});
  }

  void listed(const NodeSight& sight) {
    const KnownNode* known = sight.reached ? by_run(sight.run) : by_name(sight.name);
    if (!sight.reached) {
      const KnownNode fresh{"?" + sight.name, sight.name, now_};
      if (known == nullptr) out_.changes.push_back(remember(fresh));
      return unreachable(sight, known == nullptr ? fresh.run : known->run);
    }
    const bool first = out_.nodes.empty();
    out_.nodes.push_back({sight.name, first, sight.trouble});
    if (known != nullptr) returned(*known);
    if (known != nullptr && sight.level && memory_.unwaited.contains(sight.run))
      out_.changes.push_back(end_exclusion(*known, "it is up to date"));
    // The primary is called as the URL calls it: a better name may be known.
    if (known == nullptr || (!first && known->name != sight.name))
      out_.changes.push_back(remember({sight.run, sight.name, now_}));
    // Another process at this address. Behind the URL's address that may have been a failover.
    for (const auto& [run, node] : memory_.nodes) {
      if (node.name != sight.name || run == sight.run || reached_run(run)) continue;
      if (first && known != nullptr && known->name != sight.name)
        former(node);
      else
        forget(node, "another process answers there");
    }
  }

  void former(const KnownNode& node) {
    const KnownNode out{node.run, kFormer + node.name, node.since};
    out_.changes.push_back(remember(out));
    count_former(out);
  }
  void count_former(const KnownNode& node) {
    if (memory_.gone.contains(node.run)) return;
    out_.nodes.push_back({node.name + " (" + node.run + ")", false,
                          "was the primary there before a failover, and nobody lists it. If it is stopped for good, "
                          "say so: keyshift nodes --declare-gone " +
                              node.run});
  }

  /// Nobody lists it; it was asked itself.
  void remembered(const NodeSight& sight) {
    const KnownNode* known = by_name(sight.name);
    if (known == nullptr) return;
    if (!sight.reached) return unreachable(sight, known->run);
    const bool alias = std::any_of(seen_.begin(), seen_.end(), [&](const NodeSight& other) {
      return other.listed && other.reached && other.run == sight.run;
    });
    if (alias) {
      if (known->run != sight.run) forget(*known, "another process answers there");
      return;
    }
    if (!sight.key && (sight.primary || sight.linked)) return forget(*known, "it has left: no epoch key lies there");
    returned(*known);
    if (known->run != sight.run) {
      forget(*known, "another process answers there");
      out_.changes.push_back(remember({sight.run, sight.name, now_}));
    }
    const std::string why = sight.primary  ? "is a primary by itself, and was a node of this store: stop it, or make "
                                             "it a replica again"
                            : sight.linked ? "is not listed by its primary"
                                           : sight.trouble;
    out_.nodes.push_back({sight.name, false, why.empty() ? "is not connected to its primary" : why});
  }

  /// Nobody could be asked under its name.
  void unseen(const KnownNode& node) {
    if (reached_run(node.run)) return;
    if (node.name.starts_with(kFormer)) return count_former(node);
    if (node.name.empty() && !memory_.gone.contains(node.run))
      out_.nodes.push_back({"node " + node.run, false, "is written down in a form that this version does not know"});
  }

  const NodeMemory& memory_;
  const std::vector<NodeSight>& seen_;
  UnixMillis now_;
  Reckoning out_;
};

}  // namespace

std::vector<std::string> unlisted(const NodeMemory& memory, const std::vector<NodeSight>& seen) {
  std::vector<std::string> out;
  for (const auto& [run, node] : memory.nodes) {
    const bool met = std::any_of(seen.begin(), seen.end(), [&, &r = run, &n = node](const NodeSight& sight) {
      return sight.name == n.name || (sight.reached && sight.run == r);
    });
    const bool address = !node.name.empty() && !node.name.starts_with(kFormer);
    if (!met && address) out.push_back(node.name);
  }
  return out;
}

Reckoning reckon(const NodeMemory& memory, const std::vector<NodeSight>& seen, UnixMillis now) {
  return Reckoner(memory, seen, now).run();
}

}  // namespace keyshift::control
