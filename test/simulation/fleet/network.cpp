#include "network.hpp"

#include <algorithm>
#include <utility>

namespace keyshift::simulation {

Cluster::Cluster(std::size_t nodes) {
  for (std::size_t i = 0; i < nodes; ++i) {
    Node& node = *nodes_.emplace_back(std::make_unique<Node>());
    node.name = "node" + std::to_string(i) + ":" + std::to_string(7000 + i);
    node.redis.run_id = "process" + std::to_string(i);
    node.redis.replica = i != 0;
  }
  lead(primary());
}

void Cluster::lead(Node& node) {
  node.redis.replica = false;
  node.redis.replid = "history" + std::to_string(++lives_);
  node.redis.on_written = [this](Writes writes) { log_.push_back(std::move(writes)); };
  node.redis.replicas_in_step = [this] {
    return static_cast<std::size_t>(std::count_if(nodes_.begin(), nodes_.end(), [this](const auto& n) {
      return n.get() != nodes_[primary_].get() && n.get() != old_ && n->synced && n->applied == base_ + log_.size();
    }));
  };
  name_replicas();
}

void Cluster::name_replicas() {
  auto& names = primary().redis.replicas;
  names.clear();
  for (const auto& node : nodes_) {
    if (node.get() == &primary() || node.get() == old_) continue;
    node->redis.replicas.clear();
    node->redis.replica_up = node->synced;
    names.push_back(node->name);
  }
}

bool Cluster::replicate(Dice& dice) {
  std::vector<Node*> behind;
  for (const auto& node : nodes_)
    if (node.get() != &primary() && node.get() != old_ && (!node->synced || node->applied < base_ + log_.size()))
      behind.push_back(node.get());
  if (behind.empty()) return false;
  Node& node = *behind[dice.pick(behind.size())];
  if (!node.synced) {
    node.redis.copy_from(primary().redis);
    node.applied = base_ + log_.size();
    node.synced = true;
    name_replicas();
    return true;
  }
  node.redis.apply(log_[node.applied - base_]);
  ++node.applied;
  std::uint64_t least = base_ + log_.size();
  for (const auto& other : nodes_)
    if (other.get() != &primary() && other.get() != old_ && other->synced) least = std::min(least, other->applied);
  for (; base_ < least; ++base_) log_.pop_front();
  return true;
}

void Cluster::fail_over(Dice& dice) {
  demote_old();
  std::vector<std::size_t> able;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (i != primary_ && nodes_[i]->synced) able.push_back(i);
  if (able.empty()) return;
  Node& before = primary();
  primary_ = able[dice.pick(able.size())];
  const std::uint64_t kept = primary().applied;
  if (kept < base_ + log_.size()) ++losses_;
  while (base_ + log_.size() > kept) log_.pop_back();
  for (const auto& node : nodes_)
    if (node->applied > kept) node->synced = false;  // it has what the new primary has lost
  before.redis.on_written = nullptr;
  before.redis.replicas.clear();
  before.redis.replicas_in_step = nullptr;
  before.synced = false;
  old_ = &before;
  lead(primary());
}

void Cluster::demote_old() {
  if (old_ == nullptr) return;
  Node& node = *std::exchange(old_, nullptr);
  node.redis.demote();
  node.redis.replica_up = false;
  name_replicas();
}

bool Cluster::in_step() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [this](const auto& n) {
    return n.get() == nodes_[primary_].get() || (n.get() != old_ && n->synced && n->applied == base_ + log_.size());
  });
}

Pipe& Network::open(End& end, Node* node) {
  Pipe& pipe = *pipes_.emplace_back(std::make_unique<Pipe>());
  pipe.node = node != nullptr ? node : &cluster_.primary();
  pipe.end = &end;
  pipe.link.keep_log = false;
  return pipe;
}

void Network::close(Pipe& pipe) {
  pipe.end = nullptr;
  pipe.to_client.clear();
  if (pipe.connecting) pipe.to_server.clear();
}

bool Network::movable(const Pipe& pipe, Time now) const {
  if (pipe.slow_until > now) return false;
  if (pipe.end == nullptr || pipe.connecting || pipe.link.killed) return true;
  return !pipe.to_server.empty() || !pipe.link.pushed.empty() || pipe.link.resumed ||
         (!pipe.to_client.empty() && pipe.reading);
}

bool Network::deliver(Time now) {
  ready_.clear();
  for (const auto& pipe : pipes_)
    if (movable(*pipe, now)) ready_.push_back(pipe.get());
  if (ready_.empty()) return false;
  deliver_on(*ready_[dice_.pick(ready_.size())]);
  sweep_up();
  return true;
}

void Network::deliver_on(Pipe& pipe) {
  if (pipe.connecting) {
    pipe.connecting = false;
    if (pipe.end != nullptr) pipe.end->connected();
    return;
  }
  if (pipe.link.killed) return end_of(pipe, "Connection reset by peer");
  const bool back = !pipe.to_client.empty() && pipe.reading && pipe.end != nullptr;
  const bool there = !pipe.to_server.empty() || !pipe.link.pushed.empty() || pipe.link.resumed;
  if (back && (!there || dice_.pick(2) == 0)) return to_client(pipe);
  if (there) return to_server(pipe);
  if (pipe.end == nullptr) end_of(pipe, "closed");
}

void Network::to_server(Pipe& pipe) {
  const std::size_t size = pipe.to_server.size();
  const Bytes bytes = pipe.to_server.substr(0, dice_.once_in(4) ? dice_.pick(size + 1) : size);
  pipe.to_server.erase(0, bytes.size());
  pipe.to_client += std::exchange(pipe.link.pushed, Bytes());
  pipe.link.resumed = false;
  (void)pipe.node->redis.take(pipe.link, bytes, pipe.to_client);
  for (const auto& other : pipes_)  // what others are told by it leaves the server at once
    if (other->node == pipe.node && !other->link.pushed.empty())
      other->to_client += std::exchange(other->link.pushed, Bytes());
}

void Network::to_client(Pipe& pipe) {
  const std::size_t size = pipe.to_client.size();
  const Bytes bytes = pipe.to_client.substr(0, dice_.once_in(4) ? 1 + dice_.pick(size) : size);
  pipe.to_client.erase(0, bytes.size());
  pipe.end->received(bytes);
}

void Network::end_of(Pipe& pipe, BytesView why) {
  if (pipe.server_knows) pipe.node->redis.forget(pipe.link);
  pipe.server_knows = false;
  if (End* end = std::exchange(pipe.end, nullptr)) end->lost(why);
}

void Network::cut(Time) {
  if (pipes_.empty()) return;
  Pipe& pipe = *pipes_[dice_.pick(pipes_.size())];
  if (pipe.end == nullptr || pipe.connecting) return;
  ++cuts;
  // The server may hear of it much later, and of what was sent before it all the same.
  if (dice_.pick(2) == 0) pipe.to_server.erase(dice_.pick(pipe.to_server.size() + 1));
  pipe.to_client.clear();
  std::exchange(pipe.end, nullptr)->lost("Connection reset by peer");
}

void Network::cut_all() {
  for (std::size_t i = 0; i < pipes_.size(); ++i)
    if (pipes_[i]->end != nullptr && !pipes_[i]->connecting)
      std::exchange(pipes_[i]->end, nullptr)->lost("Connection reset by peer");
  for (const auto& pipe : pipes_) pipe->slow_until = {};
}

void Network::cut_off(const Node& node) {
  for (std::size_t i = 0; i < pipes_.size(); ++i) {
    Pipe& pipe = *pipes_[i];
    if (pipe.node != &node) continue;
    pipe.link.killed = true;
    if (!pipe.connecting && pipe.end != nullptr) std::exchange(pipe.end, nullptr)->lost("Connection reset by peer");
  }
}

void Network::slow(Time until) {
  if (pipes_.empty()) return;
  pipes_[dice_.pick(pipes_.size())]->slow_until = until;
}

bool Network::idle() const {
  return std::none_of(pipes_.begin(), pipes_.end(),
                      [](const auto& pipe) { return !pipe->to_server.empty() || !pipe->to_client.empty(); });
}

void Network::sweep_up() {
  std::erase_if(pipes_, [](const std::unique_ptr<Pipe>& pipe) {
    const bool over = pipe->end == nullptr && !pipe->server_knows;
    return over;
  });
}

}  // namespace keyshift::simulation
