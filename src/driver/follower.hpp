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
#include "control/serving.hpp"
#include "driver/fleet.hpp"

namespace keyshift::driver {

struct FollowerOptions {
  store::Url upstream;
  std::string name;  ///< of the process, in the names of its connections
  /// Told every change that is to be acted on, in order, on the follower's executor.
  std::function<void(std::shared_ptr<const control::Serving>)> turn;
  /// Told what people should know: a record that is gone or not understood, a server that cannot be reached.
  std::function<void(const std::string&)> trouble;
};

/// Follows the control record of a store and says what a proxy is to act on (docs/protocol.md, "Learning of changes"):
/// reads the record when an entry appears in the audit and at least every 500 ms, every 20 ms while commands are held;
/// brings an epoch key that is behind to the current change; ends a hold that nobody ends in time.
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

 private:
  struct Listener;
  boost::asio::awaitable<void> listen();
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<void> help();
  boost::asio::awaitable<void> end_old_hold(Time now);
  boost::asio::awaitable<std::shared_ptr<const control::Serving>> without_record(std::string why);
  std::shared_ptr<const control::Serving> serving_of(const ControlState& state);
  void act_on(std::shared_ptr<const control::Serving> serving);
  void tell(const std::string& trouble);
  void wake();
  [[nodiscard]] Duration pause(Time now) const;

  boost::asio::any_io_executor executor_;
  FollowerOptions options_;
  FleetStore store_;
  boost::asio::steady_timer timer_, listen_timer_;
  std::shared_ptr<Listener> listener_;
  mutable std::mutex mutex_;  ///< guards acted_, which the follower alone changes
  std::shared_ptr<const control::Serving> acted_;
  std::map<Bytes, std::shared_ptr<const transforms::RuleSet>> rules_;  ///< compiled, by hash of the spec
  std::optional<control::Change> hold_;                                ///< that was seen last
  Time hold_seen_{};
  std::optional<Time> unsettled_since_;  ///< the record has a `next` that is not `cur` yet
  std::string told_;
  std::atomic<bool> known_ = false;
  bool stopping_ = false, help_wanted_ = false, woken_ = false;
};

}  // namespace keyshift::driver
