#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "control/backup_fault.hpp"

namespace keyshift::driver {

/// Where work on a backup stands.
struct BackupProgress {
  std::string_view step;  ///< a literal, for people: "copying"
  std::string_view unit;  ///< of `done`: "bytes" or "keys"; empty: not counted
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known
};

/// Called about ten times a second on the thread that works; false: stop.
using BackupWatch = std::function<bool(const BackupProgress&)>;

/// Runs a coroutine that works on a backup to its end, on the calling thread, and shows where it stands.
class BackupRun {
 public:
  explicit BackupRun(BackupWatch watch) : watch_(std::move(watch)), io_(std::make_unique<boost::asio::io_context>(1)) {}

  [[nodiscard]] boost::asio::any_io_executor executor() const { return io_->get_executor(); }
  BackupProgress progress;  ///< written by the coroutine

  void begin(std::string_view step, std::string_view unit = {}, std::uint64_t total = 0) {
    progress = {step, unit, 0, total};
  }

  /// Shows where it stands, from within work that blocks. False: stop.
  bool show() {
    if (watch_ && !watch_(progress)) stopped_ = true;
    return !stopped_;
  }

  /// Its result, or `interrupted`; then what the coroutine held is gone already. Once.
  template <class T>
  Result<T> operator()(boost::asio::awaitable<Result<T>> work) {
    std::optional<Result<T>> result;
    std::exception_ptr failure;
    boost::asio::co_spawn(*io_, std::move(work), [&](std::exception_ptr thrown, Result<T> answer) {
      failure = thrown;
      result.emplace(std::move(answer));
    });
    while (!result && show()) io_->run_for(kShowEvery);
    io_.reset();
    if (failure) std::rethrow_exception(failure);
    if (!result) return control::fail(control::BackupFault::interrupted, "stopped while " + std::string(progress.step));
    return std::move(*result);
  }

 private:
  static constexpr Duration kShowEvery = milliseconds(100);
  BackupWatch watch_;
  std::unique_ptr<boost::asio::io_context> io_;
  bool stopped_ = false;
};

}  // namespace keyshift::driver
