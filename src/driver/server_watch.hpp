#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "migration/checkpoint.hpp"
#include "migration/throttle.hpp"
#include "store/connection.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {

/// The sweeper's second connection, in database 0: measures the server for the throttle (an own PING ten times a
/// second, INFO each second), keeps the key that says who sweeps, and writes the checkpoint. When it is lost it is
/// opened again; meanwhile the throttle misses its signals and stops the sweep.
class ServerWatch {
 public:
  ServerWatch(boost::asio::any_io_executor executor, store::Url url, store::ConnectOptions options, std::string run,
              migration::Throttle& throttle);

  /// Runs until stop(); then writes the last checkpoint, gives the key back and ends.
  boost::asio::awaitable<void> run();
  void stop();

  /// True once the server was asked who sweeps and what the checkpoint is.
  [[nodiscard]] bool ready() const noexcept { return ready_; }
  /// True while this process is the one that sweeps. Thrift, not safety: a server that refuses the key counts as ours.
  [[nodiscard]] bool holds_key() const noexcept { return holds_key_; }
  /// The checkpoint found when this process got the key; none when there is none. An error: not understood.
  [[nodiscard]] const Result<std::optional<migration::Checkpoint>>& found() const noexcept { return found_; }
  /// Keeps `checkpoint` to be written when kCheckpointEvery is over, or at the end.
  void save(migration::Checkpoint checkpoint) { unsaved_ = std::move(checkpoint); }
  /// The sweep is complete: the checkpoint is deleted at the end instead.
  void forget() { unsaved_.reset(), forget_ = true; }
  /// From now on the notes of the run (run_notes_name()) are followed: whether it is paused, and how fast it may go
  /// (`rate` where they do not say).
  void follow_notes(Bytes run, std::uint32_t rate);
  /// Has `text` written as the field `pass` of those notes, soon.
  void note_pass(Bytes text) { unsaved_pass_ = std::move(text), timer_.cancel(); }
  /// Why the server cannot be watched; empty while it can.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  boost::asio::awaitable<Result<void>> connect();
  boost::asio::awaitable<Result<void>> round();
  boost::asio::awaitable<Result<void>> ping();
  boost::asio::awaitable<Result<void>> info();
  boost::asio::awaitable<Result<void>> read_notes();
  boost::asio::awaitable<Result<void>> write_pass();
  boost::asio::awaitable<Result<void>> claim();
  boost::asio::awaitable<Result<void>> renew();
  boost::asio::awaitable<Result<void>> read_checkpoint();
  boost::asio::awaitable<Result<void>> write_checkpoint();
  boost::asio::awaitable<void> finish();
  boost::asio::awaitable<void> sleep(Duration how_long);

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer timer_;
  store::Url url_;
  store::ConnectOptions options_;
  migration::Throttle& throttle_;
  Bytes key_name_, checkpoint_name_, token_;
  std::unique_ptr<store::Connection> connection_;
  Result<std::optional<migration::Checkpoint>> found_{std::optional<migration::Checkpoint>()};
  std::optional<migration::Checkpoint> unsaved_;
  std::optional<Bytes> unsaved_pass_;
  Bytes notes_name_;  ///< empty: no notes are followed
  std::uint32_t rate_ = 0;
  std::string trouble_;
  Time info_due_{}, claim_due_{}, save_due_{};
  bool ready_ = false, holds_key_ = false, stopping_ = false, forget_ = false;
};

}  // namespace keyshift::driver
