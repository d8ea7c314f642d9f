#pragma once
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace keyshift::control {

/// A part of a procedure that stops wherever it must be told something, and goes on when somebody resumes it: a state
/// machine that reads like its description. Who resumes what, and with which answer, is the machine's business
/// (Flip::resume). Starts when it is awaited; belongs to who holds it; destroying it ends it where it stands.
template <class T>
class [[nodiscard]] Steps {
 public:
  struct promise_type {
    std::coroutine_handle<> caller = std::noop_coroutine();
    std::optional<T> result;

    Steps get_return_object() { return Steps(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept { return Final{}; }
    void return_value(T value) { result = std::move(value); }
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };

  Steps(Steps&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Steps& operator=(Steps&&) = delete;
  ~Steps() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().caller = caller;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().result); }

  /// Of the outermost part: runs to its first stop.
  void start() { handle_.resume(); }
  [[nodiscard]] bool done() const noexcept { return handle_.done(); }

 private:
  struct Final {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
      return self.promise().caller;
    }
    void await_resume() const noexcept {}
  };

  explicit Steps(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace keyshift::control
