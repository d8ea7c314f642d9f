#pragma once
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "base/clock.hpp"
#include "simulation/model/model_redis.hpp"

namespace keyshift::simulation {

/// Every choice of a run comes from here: the same seed makes the same run.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t pick(std::size_t below) { return below == 0 ? 0 : random_() % below; }
  /// True once in `often` times; never for 0.
  bool once_in(std::size_t often) { return often != 0 && pick(often) == 0; }
  std::uint64_t word() { return random_() | 1; }

 private:
  std::mt19937_64 random_;
};

/// One server, and how far it follows the primary.
struct Node {
  Bytes name;
  ModelRedis redis;
  std::uint64_t applied = 0;  ///< of the log
  bool synced = true;         ///< false: it must take a whole copy before it follows
};

/// A primary with replicas that are behind as far as the dice want.
class Cluster {
 public:
  explicit Cluster(std::size_t nodes);
  [[nodiscard]] Node& primary() { return *nodes_[primary_]; }
  [[nodiscard]] std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }
  /// The next write comes to one replica, or a whole copy to one that has none. False: all have everything.
  bool replicate(Dice& dice);
  /// A replica is promoted with what it has. The old primary goes on as one until demote_old().
  void fail_over(Dice& dice);
  /// The old primary of the last failover becomes a replica, under living connections.
  void demote_old();
  [[nodiscard]] Node* old() const { return old_; }
  [[nodiscard]] bool split() const { return old_ != nullptr; }
  [[nodiscard]] bool in_step() const;
  /// How often a failover lost something.
  [[nodiscard]] std::size_t losses() const { return losses_; }
  [[nodiscard]] std::size_t failovers() const { return lives_ - 1; }

 private:
  void name_replicas();
  void lead(Node& node);
  std::vector<std::unique_ptr<Node>> nodes_;
  std::size_t primary_ = 0, losses_ = 0, lives_ = 0;
  Node* old_ = nullptr;
  std::deque<Writes> log_;  ///< of the primary's history
  std::uint64_t base_ = 0;  ///< number of the first one in the log
};

/// What a connection is to whoever opened it.
class End {
 public:
  virtual ~End() = default;
  virtual void connected() = 0;
  virtual void received(BytesView bytes) = 0;
  /// It is gone; the pipe may not be used any more.
  virtual void lost(BytesView why) = 0;
};

/// One connection: bytes on their way in both directions, delivered in order at any later time.
struct Pipe {
  Node* node = nullptr;
  End* end = nullptr;  ///< null: who opened it is gone; what is on its way may still arrive
  ModelRedis::Link link;
  Bytes to_server, to_client;
  bool connecting = true;
  bool server_knows = true;  ///< of the connection
  bool reading = true;       ///< the opener reads
  Time slow_until{};         ///< nothing arrives before
};

class Network {
 public:
  Network(Cluster& cluster, Dice& dice) : cluster_(cluster), dice_(dice) {}

  /// Opens a connection to the node, or to whatever leads under the primary's address.
  Pipe& open(End& end, Node* node = nullptr);
  /// The opener has closed it; what it has sent may still arrive.
  void close(Pipe& pipe);
  /// Something arrives somewhere. False: nothing is on its way.
  bool deliver(Time now);
  /// A connection breaks: its opener is told; what it sent may still arrive.
  void cut(Time now);
  void cut_all();
  /// Every connection to `node` breaks, and nothing that is on its way there runs.
  void cut_off(const Node& node);
  /// One connection is slow for a while.
  void slow(Time until);
  [[nodiscard]] bool idle() const;
  std::size_t cuts = 0;

 private:
  bool movable(const Pipe& pipe, Time now) const;
  void deliver_on(Pipe& pipe);
  void to_server(Pipe& pipe);
  void to_client(Pipe& pipe);
  void end_of(Pipe& pipe, BytesView why);
  void sweep_up();

  Cluster& cluster_;
  Dice& dice_;
  std::vector<std::unique_ptr<Pipe>> pipes_;
  std::vector<Pipe*> ready_;
};

}  // namespace keyshift::simulation
