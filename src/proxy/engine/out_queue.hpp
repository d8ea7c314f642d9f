#pragma once
#include <cstddef>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::proxy {

/// Bytes on their way to one socket, in order, written with one gathered write.
///
/// What was added with borrow() is not copied: it must stay valid until own() or until it was sent, and the shell calls
/// own() before the buffer that it lies in is used again. One thread.
class OutQueue {
 public:
  struct Piece {
    const char* data;
    std::size_t size;
  };

  void copy(BytesView bytes);
  void borrow(BytesView bytes);
  /// Copies everything still borrowed, so that its owner may go.
  void own();

  /// Fills at most `most` pieces, first bytes first; returns how many.
  std::size_t gather(Piece* pieces, std::size_t most) const noexcept;
  /// The first `bytes` of the queue were written.
  void sent(std::size_t bytes);
  /// Drops everything.
  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// The buffer that copies go to, for encoders that append; call grew() with what they added.
  Bytes& tail() noexcept { return owned_; }
  void grew(std::size_t bytes);

 private:
  void give_back() noexcept;

  Bytes owned_;  ///< copies, in order, from head_ on
  std::size_t head_ = 0;
  /// The order of copies and borrowed pieces; data is null for the next `size` bytes of owned_. Empty: all is owned.
  std::vector<Piece> pieces_;
  std::size_t size_ = 0;
};

}  // namespace keyshift::proxy
