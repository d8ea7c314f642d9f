#include "proxy/engine/out_queue.hpp"

namespace keyshift::proxy {
namespace {
constexpr std::size_t kept_capacity = 16 * 1024;  // more than that is given back once a queue has run empty
}

void OutQueue::copy(BytesView bytes) {
  own();
  owned_.append(bytes);
  size_ += bytes.size();
}

void OutQueue::borrow(BytesView bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  if (!borrowed_.empty()) {
    Piece& last = borrowed_.back();
    if (last.data + last.size == bytes.data()) {
      last.size += bytes.size();
      return;
    }
  }
  borrowed_.push_back({bytes.data(), bytes.size()});
}

void OutQueue::own() {
  if (borrowed_.empty()) return;
  for (const Piece& piece : borrowed_) owned_.append(piece.data, piece.size);
  borrowed_.clear();
}

std::size_t OutQueue::gather(Piece* pieces, std::size_t most) const noexcept {
  std::size_t count = 0;
  if (owned_.size() > head_ && count < most) pieces[count++] = {owned_.data() + head_, owned_.size() - head_};
  for (const Piece& piece : borrowed_) {
    if (count == most) break;
    pieces[count++] = piece;
  }
  return count;
}

void OutQueue::sent(std::size_t bytes) {
  size_ -= bytes;
  const std::size_t from_owned = std::min(bytes, owned_.size() - head_);
  head_ += from_owned;
  bytes -= from_owned;
  if (head_ == owned_.size()) {
    head_ = 0;
    owned_.clear();
    if (owned_.capacity() > kept_capacity) owned_ = Bytes();
  } else if (head_ > kept_capacity * 4 && head_ * 2 > owned_.size()) {
    owned_.erase(0, head_);
    head_ = 0;
  }
  std::size_t whole = 0;
  while (whole < borrowed_.size() && bytes >= borrowed_[whole].size) bytes -= borrowed_[whole++].size;
  borrowed_.erase(borrowed_.begin(), borrowed_.begin() + static_cast<std::ptrdiff_t>(whole));
  if (bytes != 0) {
    borrowed_.front().data += bytes;
    borrowed_.front().size -= bytes;
  }
}

void OutQueue::clear() noexcept {
  owned_ = Bytes();
  borrowed_.clear();
  head_ = size_ = 0;
}

}  // namespace keyshift::proxy
