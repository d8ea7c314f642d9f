#include "control/node_memory.hpp"

#include <charconv>

namespace keyshift::control {
namespace {

constexpr BytesView kNode = "node ", kGone = "gone ", kUnwaited = "wait ";
constexpr BytesView kVersion = "1 ";

Bytes dated(UnixMillis at, BytesView rest) {
  return Bytes(kVersion) + std::to_string(at.time_since_epoch().count()) + " " + Bytes(rest);
}

/// "1 <milliseconds> <rest>"
std::optional<std::pair<UnixMillis, Bytes>> read_dated(BytesView text) {
  if (!text.starts_with(kVersion)) return std::nullopt;
  text.remove_prefix(kVersion.size());
  std::int64_t millis = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), millis);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (code != std::errc() || used >= text.size() || text[used] != ' ') return std::nullopt;
  return std::pair(UnixMillis(std::chrono::milliseconds(millis)), Bytes(text.substr(used + 1)));
}

/// Who is said to be gone in a form that is not known is not gone.
void read_override(BytesView field, BytesView kind, BytesView value, std::map<std::string, NodeOverride>& out) {
  if (!field.starts_with(kind)) return;
  if (auto said = read_dated(value)) out[Bytes(field.substr(kind.size()))] = {said->first, std::move(said->second)};
}

std::vector<std::pair<Bytes, Bytes>> entry(const char* what, const KnownNode& node, const Bytes& details) {
  return {{"what", what}, {"details", node.name + " (" + node.run + ")" + (details.empty() ? "" : ", " + details)}};
}

}  // namespace

NodeMemory read_node_memory(const std::map<Bytes, Bytes>& fields) {
  NodeMemory out;
  for (const auto& [field, value] : fields) {
    read_override(field, kGone, value, out.gone);
    read_override(field, kUnwaited, value, out.unwaited);
    if (!field.starts_with(kNode)) continue;
    const std::string run(BytesView(field).substr(kNode.size()));
    auto seen = read_dated(value);
    out.nodes[run] = seen ? KnownNode{run, std::move(seen->second), seen->first} : KnownNode{run, "", {}};
  }
  return out;
}

MemoryChange remember(const KnownNode& node) { return {Bytes(kNode) + node.run, dated(node.since, node.name), {}}; }

MemoryChange declare_gone(const KnownNode& node, const NodeOverride& said) {
  auto audit = entry("declare-gone", node, {});
  audit.emplace_back("who", said.who);
  return {Bytes(kGone) + node.run, dated(said.at, said.who), std::move(audit)};
}

MemoryChange exclude_from_wait(const KnownNode& node, const NodeOverride& said) {
  auto audit = entry("exclude-from-wait", node, {});
  audit.emplace_back("who", said.who);
  return {Bytes(kUnwaited) + node.run, dated(said.at, said.who), std::move(audit)};
}

MemoryChange end_gone(const KnownNode& node, Bytes why) {
  return {Bytes(kGone) + node.run, std::nullopt, entry("no longer gone", node, why)};
}

MemoryChange end_exclusion(const KnownNode& node, Bytes why) {
  return {Bytes(kUnwaited) + node.run, std::nullopt, entry("waited for again", node, why)};
}

void apply(NodeMemory& memory, const MemoryChange& change) {
  const auto with = [&](BytesView kind, auto& map, auto read) {
    if (!change.field.starts_with(kind)) return;
    const std::string run = change.field.substr(kind.size());
    if (change.value)
      read(map[run], run);
    else
      map.erase(run);
  };
  const auto said = [&](NodeOverride& out, const std::string&) {
    if (auto read = read_dated(*change.value)) out = {read->first, std::move(read->second)};
  };
  with(kNode, memory.nodes, [&](KnownNode& out, const std::string& run) {
    if (auto read = read_dated(*change.value)) out = {run, std::move(read->second), read->first};
  });
  with(kGone, memory.gone, said);
  with(kUnwaited, memory.unwaited, said);
}

}  // namespace keyshift::control
