#pragma once
#include <sys/uio.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frames.hpp"

namespace keyshift::bench {

/// One socket. Idle it owns no buffer; what could not be written at once is copied to `out`.
struct Peer {
  explicit Peer(int descriptor) noexcept : fd(descriptor) {}
  int fd;
  bool dirty = false;    ///< has pieces to write in this wake-up
  bool blocked = false;  ///< the kernel takes no more: wait for writability
  bool closed = false;
  std::uint32_t in_flight = 0;
  std::string in;             ///< bytes of a request or header that is half there
  std::string out;            ///< bytes that the kernel did not take
  std::vector<iovec> pieces;  ///< bytes in a read buffer, written before the buffer is used again
  void* handle = nullptr;     ///< of the loop
};

/// What a loop must offer the relay: it alone knows how readiness is watched.
class Loop {
 public:
  virtual ~Loop() = default;
  /// Watches for writability once more; the loop calls Relay::writable().
  virtual void want_write(Peer& peer) = 0;
  virtual void forget(Peer& peer) = 0;
};

/// Joins many clients to one upstream connection: frames are found, nothing is understood. One thread.
class Relay {
 public:
  Relay(Loop& loop, int upstream_fd, std::size_t buffer_bytes);

  Peer& add_client(int fd);
  Peer& upstream() noexcept { return upstream_; }

  /// One non-blocking read. False: the peer is gone (and, for a client, deleted by sweep()).
  void client_readable(Peer& client);
  void upstream_readable();
  void writable(Peer& peer);
  /// At the end of a wake-up: one gathered write to the upstream.
  void flush();
  [[nodiscard]] bool needs_flush() const noexcept { return upstream_.dirty; }

  struct Counters {
    std::uint64_t requests = 0, reads = 0, writes = 0, short_writes = 0, copied = 0, wakeups = 0;
  } counters;

 private:
  void take_requests(Peer& client, std::string_view bytes);
  void add_piece(Peer& peer, std::string_view bytes);
  void write(Peer& peer);
  void deliver(std::string_view bytes);
  void drop(Peer& client);

  Loop& loop_;
  std::size_t buffer_bytes_;
  std::unique_ptr<char[]> requests_, replies_;
  std::size_t used_ = 0;  ///< of requests_, not written yet
  Peer upstream_;
  ReplyEnd reply_;
  std::deque<Peer*> turns_;  ///< whose the next reply is
  std::vector<Peer*> dirty_;
};

}  // namespace keyshift::bench
