#pragma once
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "control/following.hpp"
#include "control/serving.hpp"
#include "driver/fleet.hpp"

namespace keyshift::driver {

struct FollowerOptions {
  store::Url upstream;
  std::string name;  ///< of the process, in the names of its connections
  /// Told every change that is to be acted on, in order, on the follower's executor.
  std::function<void(std::shared_ptr<const control::Serving>)> turn;
  /// True when the proxy has served anybody since it was last asked; unset: always. An idle one looks more rarely, as
  /// long as the channel would tell it.
  std::function<bool()> busy;
  /// The text of the report that is left beside the record each 5 s (report_name()); more rarely while nobody is
  /// served. Unset: none. Asked on the follower's executor.
  std::function<Bytes()> report;
  /// Told what people should know: a record that is gone or not understood, a server that cannot be reached.
  std::function<void(const std::string&)> trouble;
};

/// Follows the control record of a store and says what a proxy is to act on (docs/protocol.md, "Learning of changes"):
/// reads the record when the channel tells of a change and at least every 500 ms (every 64 s while nobody is served),
/// every 20 ms while a hold is wanted or held; brings an epoch key that is behind to the current change; ends a hold
/// that nobody ends in time, and finishes a change that nobody finishes.
///
/// Nothing depends on its speed: what a connection may carry is decided by the epoch key that is read on it. On one
/// executor; learn() from any thread.
class Follower {
 public:
  Follower(boost::asio::any_io_executor executor, FollowerOptions options);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// Until stop().
  boost::asio::awaitable<void> run();
  void stop();

  /// A connection has shown another change than the one that is acted on; `help`: its server is behind. Any thread.
  void learn(bool help);

  /// What was last told to turn(); never null: before the record was read once, there is none. Any thread.
  [[nodiscard]] std::shared_ptr<const control::Serving> serving() const;
  /// True once the store has answered whether it has a record.
  [[nodiscard]] bool known() const noexcept { return known_; }
  /// When the store answered last what its record is; Time{}: never. Any thread.
  [[nodiscard]] Time read_at() const noexcept { return Time(Duration(read_at_.load())); }
  /// How many late connections were closed by servers in changes that this proxy finished. Any thread.
  [[nodiscard]] std::uint64_t killed() const noexcept { return killed_; }

 private:
  struct Listener;
  boost::asio::awaitable<void> listen();
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<void> help();
  boost::asio::awaitable<void> leave_report();
  boost::asio::awaitable<void> settle(std::uint64_t known_epoch);
  [[nodiscard]] Duration pause();
  void take_messages(store::Connection& connection);
  [[nodiscard]] Duration hold_limit() const;
  boost::asio::awaitable<std::shared_ptr<const control::Serving>> without_record(std::string why);
  std::shared_ptr<const control::Serving> serving_of(const ControlState& state);
  control::ServedRun run_of(const control::RunEntry& entry, const ControlState& state);
  void number_rules(control::ServedRun& run);
  void act_on(std::shared_ptr<const control::Serving> serving);
  void tell(const std::string& trouble);

  boost::asio::any_io_executor executor_;
  FollowerOptions options_;
  FleetStore store_, settling_store_;
  boost::asio::steady_timer timer_, listen_timer_;
  std::shared_ptr<Listener> listener_;
  mutable std::mutex mutex_;  ///< guards acted_, which the follower alone changes
  std::shared_ptr<const control::Serving> acted_;
  /// A spec as it was understood.
  struct Known {
    std::shared_ptr<const transforms::RuleSet> rules;
    std::shared_ptr<const transforms::MigrationFile> migration;
  };
  std::map<Bytes, Known> known_specs_;               ///< by hash
  std::map<std::string, std::uint32_t> first_rule_;  ///< number of each run's first rule, by id
  std::uint32_t rules_numbered_ = 0;
  control::Following following_;
  Time quick_until_{};      ///< a hold was announced
  Duration idle_pause_{};   ///< grows while nobody is served
  bool listening_ = false;  ///< the channel would tell of a change
  std::string told_;
  Time report_due_{};
  std::atomic<bool> known_ = false;
  std::atomic<Duration::rep> read_at_ = 0;
  std::atomic<std::uint64_t> killed_ = 0;
  bool stopping_ = false, help_wanted_ = false, look_again_ = false;
};

}  // namespace keyshift::driver
