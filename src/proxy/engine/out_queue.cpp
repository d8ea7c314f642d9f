#include "proxy/engine/out_queue.hpp"

#include <algorithm>

namespace keyshift::proxy {
namespace {
constexpr std::size_t kept_capacity = 16 * 1024;  // more than that is given back once a queue has run empty
}

void OutQueue::copy(BytesView bytes) {
  owned_.append(bytes);
  grew(bytes.size());
}

void OutQueue::grew(std::size_t bytes) {
  size_ += bytes;
  if (pieces_.empty() || bytes == 0) return;
  if (pieces_.back().data == nullptr)
    pieces_.back().size += bytes;
  else
    pieces_.push_back({nullptr, bytes});
}

void OutQueue::borrow(BytesView bytes) {
  if (bytes.empty()) return;
  if (pieces_.empty() && size_ != 0) pieces_.push_back({nullptr, size_});
  size_ += bytes.size();
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    if (last.data != nullptr && last.data + last.size == bytes.data()) {
      last.size += bytes.size();
      return;
    }
  }
  pieces_.push_back({bytes.data(), bytes.size()});
}

void OutQueue::own() {
  if (pieces_.empty()) return;
  Bytes all;
  all.reserve(size_);
  std::size_t at = head_;
  for (const Piece& piece : pieces_) {
    all.append(piece.data != nullptr ? piece.data : owned_.data() + at, piece.size);
    if (piece.data == nullptr) at += piece.size;
  }
  owned_ = std::move(all);
  head_ = 0;
  pieces_.clear();
}

std::size_t OutQueue::gather(Piece* pieces, std::size_t most) const noexcept {
  if (pieces_.empty()) {
    if (size_ == 0 || most == 0) return 0;
    pieces[0] = {owned_.data() + head_, size_};
    return 1;
  }
  const std::size_t count = std::min(most, pieces_.size());
  std::size_t at = head_;
  for (std::size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces_[i];
    pieces[i] = {piece.data != nullptr ? piece.data : owned_.data() + at, piece.size};
    if (piece.data == nullptr) at += piece.size;
  }
  return count;
}

void OutQueue::sent(std::size_t bytes) {
  size_ -= bytes;
  if (size_ == 0) return give_back();
  if (pieces_.empty()) {
    head_ += bytes;
    if (head_ > kept_capacity * 4 && head_ * 2 > owned_.size()) {
      owned_.erase(0, head_);
      head_ = 0;
    }
    return;
  }
  std::size_t whole = 0;
  while (bytes != 0) {
    Piece& piece = pieces_[whole];
    const std::size_t part = std::min(bytes, piece.size);
    if (piece.data == nullptr)
      head_ += part;
    else
      piece.data += part;
    piece.size -= part;
    bytes -= part;
    if (piece.size == 0) ++whole;
  }
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(whole));
}

/// All is out. A queue that was long once does not keep its memory.
void OutQueue::give_back() noexcept {
  head_ = 0;
  pieces_.clear();
  if (pieces_.capacity() > kept_capacity / sizeof(Piece)) pieces_ = {};
  owned_.clear();
  if (owned_.capacity() > kept_capacity) owned_ = Bytes();
}

void OutQueue::clear() noexcept {
  owned_ = Bytes();
  pieces_.clear();
  head_ = size_ = 0;
}

}  // namespace keyshift::proxy
