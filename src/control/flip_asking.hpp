#pragma once
#include "control/flip.hpp"

namespace keyshift::control {

struct Flip::Asking {
  Flip& flip;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) noexcept { flip.waiting_ = self; }
  FlipAnswer await_resume() { return std::move(flip.answer_); }
};

}  // namespace keyshift::control
