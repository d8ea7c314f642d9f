#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "driver/server_watch.hpp"
#include "driver/sweeper.hpp"
#include "migration/sweep_pass.hpp"
#include "migration/sweep_run.hpp"
#include "migration/throttle.hpp"
#include "store/connection.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {

/// The sweep of one server as a coroutine: opens the connection, does what SweepPass and SweepRun say, and shows where
/// it stands. Everything on one thread but for `publish`, which hands out copies.
class SweepTask {
 public:
  using Publish = std::function<void(SweepProgress)>;
  SweepTask(boost::asio::any_io_executor executor, SweeperOptions options, Publish publish);

  /// Runs until the sweep is done or failed, or stop(). The watch runs beside it.
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> watch() { return watch_.run(); }
  /// Runs beside them: shows the progress also while run() waits for a server that does not answer.
  boost::asio::awaitable<void> keep_shown();
  void stop();
  /// Ends what runs beside run(), which does so itself when it ends.
  void stop_beside();
  void pause(bool paused) { throttle_.pause(paused); }

 private:
  boost::asio::awaitable<Result<void>> connect();
  boost::asio::awaitable<Result<void>> still_under_change();
  boost::asio::awaitable<bool> prepare();
  boost::asio::awaitable<bool> sweep_until_clean();
  boost::asio::awaitable<Result<bool>> step(migration::SweepPass& pass);
  boost::asio::awaitable<Result<void>> receive(migration::SweepPass& pass);
  boost::asio::awaitable<void> wait(const migration::SweepPass::Step& step);
  boost::asio::awaitable<bool> sweep_pass(migration::SweepPass& pass);
  boost::asio::awaitable<bool> reconnect(migration::SweepPass& pass);
  boost::asio::awaitable<bool> replicas_have_it();
  boost::asio::awaitable<void> sleep(Time until);
  boost::asio::awaitable<void> hold(migration::SweepState state, migration::WaitReason reason, Duration how_long);
  void show(migration::SweepPass* pass, bool now);
  void show_remaining();
  void end(migration::SweepState state, std::string detail);
  void save(const migration::SweepPass& pass);
  bool refused(const Result<void>& connected);
  void note_clean_pass();
  [[nodiscard]] migration::ServerLife life() const;

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer timer_, show_timer_;
  SweeperOptions options_;
  Publish publish_;
  migration::Throttle throttle_;
  ServerWatch watch_;
  migration::SweepRun run_;
  std::string digest_;
  std::vector<migration::RuleCounts> counts_;
  std::vector<migration::RuleCounts> counts_before_;  ///< of the passes before this one
  double pass_from_ = 0;                              ///< how far in its table this pass began: it may be a resumed one
  Time pass_began_{};
  std::unique_ptr<store::Connection> connection_;
  store::ServerInfo info_;
  SweepProgress progress_;
  Bytes out_;
  std::uint64_t scanned_before_ = 0;  ///< in the passes before this one
  Time shown_{}, measured_{};
  std::uint64_t measured_moved_ = 0;
  bool stopping_ = false, over_ = false;
};

}  // namespace keyshift::driver
