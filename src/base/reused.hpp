#pragma once
#include <cstddef>
#include <vector>

namespace keyshift {

/// A list that is filled and cleared over and over: clear() keeps its elements, so that what they have allocated is
/// used again. An element that add() hands out still holds what it held before.
template <class T>
class Reused {
 public:
  T& add() {
    if (size_ == kept_.size()) kept_.emplace_back();
    return kept_[size_++];
  }
  void clear() noexcept { size_ = 0; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) noexcept { return kept_[i]; }
  const T& operator[](std::size_t i) const noexcept { return kept_[i]; }
  auto begin() noexcept { return kept_.begin(); }
  auto end() noexcept { return kept_.begin() + static_cast<std::ptrdiff_t>(size_); }
  [[nodiscard]] auto begin() const noexcept { return kept_.begin(); }
  [[nodiscard]] auto end() const noexcept { return kept_.begin() + static_cast<std::ptrdiff_t>(size_); }

 private:
  std::vector<T> kept_;
  std::size_t size_ = 0;
};

}  // namespace keyshift
