#pragma once
#include "checker/operation.hpp"
#include "oracle.hpp"
#include "process.hpp"
#include "resp/reply_framer.hpp"

namespace keyshift::simulation {

/// One app's connection through a proxy: sends random commands on the records, a few ahead of their replies, and
/// records what it saw.
class App {
 public:
  /// `joins`: some of its commands touch two records, which are then judged as one.
  App(std::uint32_t number, bool joins, history::History& history, Dice& dice)
      : number_(number), joins_(joins), history_(history), dice_(dice) {}

  void join(ProxyProcess& proxy, std::int32_t which);
  /// Its proxy is gone, and it with it: what was under way has an unknown outcome.
  void lost();
  [[nodiscard]] bool joined() const { return proxy_ != nullptr; }
  [[nodiscard]] ProxyProcess* proxy() const { return proxy_; }
  [[nodiscard]] std::size_t under_way() const { return pending_.size(); }
  /// Sends something, as its turn is.
  void act(history::Instant now);
  /// Sends this.
  void send(std::vector<Words> commands, bool transaction, history::Instant now);
  /// Takes what has come. False: its connection was closed.
  bool take(history::Instant now);
  std::size_t unknown = 0, refused = 0;
  std::size_t loose = 0;  ///< transactions whose EXEC found no MULTI: they may have run command by command

 private:
  struct Pending {
    std::size_t operation;
    std::size_t replies;  ///< still to come
    bool broken = false;
    Bytes said{};  ///< of a transaction: its replies so far
  };
  void answered(Pending& pending, const resp::Reply& reply, history::Instant now);
  void drop(std::size_t operation, const Bytes& why);
  void forget_outcome(std::size_t operation, const Bytes& why);
  std::uint32_t number_;
  bool joins_;
  history::History& history_;
  Dice& dice_;
  ProxyProcess* proxy_ = nullptr;
  ProxyProcess::Client* client_ = nullptr;
  std::int32_t which_ = -1;
  std::uint32_t lives_ = 0, values_ = 0;
  std::deque<Pending> pending_;
  resp::ReplyFramer framer_;
  Bytes part_;
};

/// Without the operations that are known not to have run.
history::History without_dropped(const history::History& history);

}  // namespace keyshift::simulation
