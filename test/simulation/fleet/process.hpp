#pragma once
#include <list>
#include <memory>
#include <set>

#include "control/following.hpp"
#include "migration/sweep_pass.hpp"
#include "migration/sweep_run.hpp"
#include "proxy/engine/engine.hpp"
#include "store_talk.hpp"

namespace keyshift::simulation {

/// What a proxy acts on under `change`, as driver/follower.hpp finds it with the rules known.
std::shared_ptr<const control::Serving> serving_of(const control::Change& change,
                                                   const std::shared_ptr<const transforms::RuleSet>& rules);

/// Reads the control record for a proxy and says what it acts on: the decisions are control::Following, what is here
/// asks and waits like driver/follower.cpp.
class Reader final : public StoreTalk {
 public:
  Reader(Surroundings& around, Bytes name, std::shared_ptr<const transforms::RuleSet> rules, Duration hold_limit);
  std::function<void(std::shared_ptr<const control::Serving>)> turn;
  void learn(bool help) {
    look_again_ = true;
    help_wanted_ = help_wanted_ || help;
  }
  /// The settling that it has begun, to be scheduled beside it.
  std::unique_ptr<Driver>& settling() { return settling_; }
  void settled();

 protected:
  Steps<bool> run() override;

 private:
  Steps<bool> look();
  void settle(std::uint64_t above);
  void listen();
  std::shared_ptr<const transforms::RuleSet> rules_;
  Duration hold_limit_;
  control::Following following_;
  control::Change acted_;
  bool look_again_ = false, help_wanted_ = false;
  std::unique_ptr<Channel> listener_;
  std::unique_ptr<Driver> settling_;
};

/// A clean pass, as a gate asks for it.
struct CleanPass {
  std::uint64_t era = 0;
  Bytes life;
};

/// The sweep under one change, with the shipped passes; ends behind what is in flight when it is told to.
class Sweep final : public StoreTalk {
 public:
  Sweep(Surroundings& around, Bytes name, std::shared_ptr<const control::Serving> serving);
  std::function<void(CleanPass)> on_clean;
  void stop() { stopping_ = true; }

 protected:
  Steps<bool> run() override;

 private:
  Steps<Result<std::vector<resp::Reply>>> ask_named(Bytes bytes, std::size_t replies);
  Steps<bool> connect();
  Steps<bool> pass();
  std::shared_ptr<const control::Serving> serving_;
  std::vector<migration::RuleCounts> counts_;
  migration::SweepRun run_;
  migration::ServerLife life_;
  bool stopping_ = false, clean_ = false;
};

/// One proxy: the shipped engine on pipes, its reader and its sweep. Destroyed it is killed.
class ProxyProcess {
 public:
  struct Client {
    proxy::Session* session = nullptr;
    Bytes got, unsent;
    bool closed = false;
  };
  ProxyProcess(Surroundings& around, Bytes name, proxy::EngineSettings settings,
               std::shared_ptr<const transforms::RuleSet> rules);
  ~ProxyProcess();
  void start() { reader.start(); }
  Client& connect();
  /// The client sends; what the proxy does not read waits.
  void send(Client& client, BytesView bytes);
  void leave(Client& client);
  [[nodiscard]] bool stopped() const { return around_.now < stopped_until; }
  void stop_until(Time until);
  /// Its timer, and what clients had to wait with.
  void tick();
  /// Actors that could go on.
  void able(std::vector<Actor*>& out);
  void reap();
  Reader reader;
  std::unique_ptr<Sweep> sweep;
  std::vector<std::unique_ptr<Sweep>> ending;
  std::function<void(CleanPass)> on_clean;
  std::function<void(const control::Change&)> on_change;
  std::function<void(const control::Serving&)> on_turn;
  Time stopped_until{};

 private:
  struct Wire;
  void flush();
  void actions();
  void write(Wire& wire);
  void write(Client& client);
  bool read(Client& client);
  void turn(std::shared_ptr<const control::Serving> serving);
  Surroundings& around_;
  Bytes name_;
  proxy::EngineCounters counters_;
  commands::Table table_;
  std::list<std::unique_ptr<Wire>> wires_;
  std::list<Client> clients_;
  proxy::Engine engine_;
  Time next_tick_{};
  friend struct Wire;
};

}  // namespace keyshift::simulation
