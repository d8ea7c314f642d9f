// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include "driver/sweeper.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "driver/sweep_task.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;

struct Sweeper::Impl {
  explicit Impl(SweeperOptions options)
      : io(1),
        task(io.get_executor(), std::move(options), [this](SweepProgress shown) { publish(std::move(shown)); }) {}

  void publish(SweepProgress shown) {
    const std::lock_guard lock(mutex);
    progress = std::move(shown);
  }

  void run() {
    asio::co_spawn(io, task.run(), [this](std::exception_ptr failure) { finished(failure); });
    asio::co_spawn(io, task.watch(), asio::detached);
    asio::co_spawn(io, task.keep_shown(), asio::detached);
    io.run();
    const std::lock_guard lock(mutex);
    over = true;
    changed.notify_all();
  }

  /// Asio's coroutines may throw (no memory): the sweep then says so instead of vanishing.
  void finished(const std::exception_ptr& failure) {
    if (!failure) return;
    {
      const std::lock_guard lock(mutex);
      progress.state = migration::SweepState::failed;
      progress.detail = "the sweep ended by an internal failure";
    }
    task.stop_beside();
  }

  asio::io_context io;
  SweepTask task;
  std::thread thread;
  mutable std::mutex mutex;  ///< guards what follows
  mutable std::condition_variable changed;
  SweepProgress progress;
  bool over = false;
};

Result<void> Sweeper::check(const SweeperOptions& options) {
  using Kind = store::Url::Kind;
  if (options.upstream.kind != Kind::tcp && options.upstream.kind != Kind::unix_socket)
    return fail(ErrorCode::usage, "a sweep over redis+sentinel:// or redis+cluster:// is not served yet");
  if (options.upstream.tls) return fail(ErrorCode::usage, "a sweep over rediss:// is not served yet");
  if (!migration::moving(options.mode))
    return fail(ErrorCode::usage, "mode " + std::string(name(options.mode)) + " moves nothing (to-new and to-old do)");
  return {};
}

Result<std::unique_ptr<Sweeper>> Sweeper::start(SweeperOptions options) {
  if (const auto sensible = check(options); !sensible) return sensible.error();
  std::unique_ptr<Sweeper> sweeper(new Sweeper(std::make_unique<Impl>(std::move(options))));
  Impl& impl = *sweeper->impl_;
  impl.thread = std::thread([&impl] { impl.run(); });
  return sweeper;
}

Sweeper::Sweeper(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Sweeper::~Sweeper() {
  stop();
  impl_->thread.join();
}

SweepProgress Sweeper::progress() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->progress;
}

bool Sweeper::ended() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->over;
}

bool Sweeper::wait(Duration limit) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, limit, [this] { return impl_->over; });
}

void Sweeper::pause() {
  asio::post(impl_->io, [impl = impl_.get()] { impl->task.pause(true); });
}

void Sweeper::resume() {
  asio::post(impl_->io, [impl = impl_.get()] { impl->task.pause(false); });
}

void Sweeper::stop() {
  asio::post(impl_->io, [impl = impl_.get()] { impl->task.stop(); });
}

}  // namespace keyshift::driver
