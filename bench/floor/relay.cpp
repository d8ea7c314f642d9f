#include "relay.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace keyshift::bench {
namespace {
constexpr std::size_t smallest_read = 64 * 1024;
constexpr std::size_t most_pieces = 64;
}  // namespace

Relay::Relay(Loop& loop, int upstream_fd, std::size_t buffer_bytes)
    : loop_(loop),
      buffer_bytes_(std::max(buffer_bytes, 2 * smallest_read)),
      requests_(new char[buffer_bytes_]),
      replies_(new char[buffer_bytes_]),
      upstream_(upstream_fd) {}

Peer& Relay::add_client(int fd) { return *new Peer(fd); }

void Relay::drop(Peer& client) {
  if (!client.closed) {
    client.closed = true;
    loop_.forget(client);
    close(client.fd);
    client.pieces.clear();
    client.out.clear();
  }
  if (client.in_flight == 0 && !client.dirty) delete &client;
}

void Relay::client_readable(Peer& client) {
  if (buffer_bytes_ - used_ < smallest_read) flush();
  char* at = requests_.get() + used_;
  const ssize_t got = recv(client.fd, at, buffer_bytes_ - used_, MSG_DONTWAIT);
  ++counters.reads;
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) drop(client);
    return;
  }
  take_requests(client, {at, static_cast<std::size_t>(got)});
}

void Relay::take_requests(Peer& client, std::string_view bytes) {
  const bool joined = !client.in.empty();
  if (joined) {
    client.in.append(bytes);
    bytes = client.in;
  }
  const Requests found(bytes);
  turns_.insert(turns_.end(), found.count, &client);
  client.in_flight += static_cast<std::uint32_t>(found.count);
  counters.requests += found.count;
  if (found.bytes > 0) {
    add_piece(upstream_, bytes.substr(0, found.bytes));
    upstream_.dirty = true;
    if (joined)
      flush();  // the piece lies in client.in, which changes now
    else
      used_ += found.bytes;
  }
  if (joined)
    client.in.erase(0, found.bytes);
  else
    client.in.assign(bytes.substr(found.bytes));
  if (client.in.empty() && client.in.capacity() > 64) std::string().swap(client.in);
  counters.copied += client.in.size();
}

void Relay::add_piece(Peer& peer, std::string_view bytes) {
  if (!peer.pieces.empty()) {
    iovec& last = peer.pieces.back();
    if (static_cast<const char*>(last.iov_base) + last.iov_len == bytes.data()) {
      last.iov_len += bytes.size();
      return;
    }
  }
  peer.pieces.push_back({const_cast<char*>(bytes.data()), bytes.size()});
}

void Relay::upstream_readable() {
  const std::size_t kept = upstream_.in.size();
  std::copy(upstream_.in.begin(), upstream_.in.end(), replies_.get());
  const ssize_t got = recv(upstream_.fd, replies_.get() + kept, buffer_bytes_ - kept, MSG_DONTWAIT);
  ++counters.reads;
  if (got <= 0) {
    if (got < 0 && errno == EAGAIN) return;
    std::fprintf(stderr, "bench_floor: the upstream closed the connection\n");
    std::exit(1);
  }
  upstream_.in.clear();
  deliver({replies_.get(), kept + static_cast<std::size_t>(got)});
  for (Peer* client : dirty_) {
    client->dirty = false;
    if (client->closed)
      drop(*client);
    else
      write(*client);
  }
  dirty_.clear();
}

void Relay::deliver(std::string_view bytes) {
  while (!bytes.empty()) {
    const ReplyEnd::Step step = reply_.feed(bytes);
    if (step.bytes > 0) {
      Peer& client = *turns_.front();
      if (!client.closed) add_piece(client, bytes.substr(0, step.bytes));
      if (!client.dirty) {
        client.dirty = true;
        dirty_.push_back(&client);
      }
      if (step.whole) {
        --client.in_flight;
        turns_.pop_front();
      }
    }
    bytes.remove_prefix(step.bytes);
    if (!step.whole) break;
  }
  upstream_.in.assign(bytes);
}

/// Writes what is kept and then the pieces, in one system call; copies what the kernel does not take.
void Relay::write(Peer& peer) {
  iovec gathered[most_pieces];
  std::size_t count = 0;
  if (!peer.out.empty()) gathered[count++] = {peer.out.data(), peer.out.size()};
  std::size_t total = peer.out.size();
  std::size_t taken = 0;
  for (; taken < peer.pieces.size() && count < most_pieces; ++taken) {
    gathered[count++] = peer.pieces[taken];
    total += peer.pieces[taken].iov_len;
  }
  ssize_t sent = 0;
  if (!peer.blocked) {
    msghdr message{};
    message.msg_iov = gathered;
    message.msg_iovlen = count;
    sent = count == 1 ? send(peer.fd, gathered[0].iov_base, gathered[0].iov_len, MSG_DONTWAIT | MSG_NOSIGNAL)
                      : sendmsg(peer.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    ++counters.writes;
    if (sent < 0) sent = 0;  // a peer that is gone shows as end of file on its next read
  }
  if (static_cast<std::size_t>(sent) == total && taken == peer.pieces.size()) {
    peer.out.clear();
    peer.pieces.clear();
    return;
  }
  std::string rest;
  auto skip = static_cast<std::size_t>(sent);
  const auto keep = [&](const iovec& piece) {
    const std::size_t gone = std::min(skip, piece.iov_len);
    skip -= gone;
    rest.append(static_cast<const char*>(piece.iov_base) + gone, piece.iov_len - gone);
  };
  for (std::size_t i = 0; i < count; ++i) keep(gathered[i]);
  for (; taken < peer.pieces.size(); ++taken) keep(peer.pieces[taken]);
  peer.out.swap(rest);
  peer.pieces.clear();
  counters.copied += peer.out.size();
  ++counters.short_writes;
  if (!peer.blocked) {
    peer.blocked = true;
    loop_.want_write(peer);
  }
}

void Relay::writable(Peer& peer) {
  peer.blocked = false;
  if (!peer.out.empty()) write(peer);
}

void Relay::flush() {
  used_ = 0;
  if (!upstream_.dirty) return;
  upstream_.dirty = false;
  write(upstream_);
}

}  // namespace keyshift::bench
