#include "client.hpp"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace keyshift::history {

namespace {

constexpr Instant ms = 1'000'000;

void append(std::string& out, const Words& words) {
  out += '*' + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) out += '$' + std::to_string(word.size()) + "\r\n" + word + "\r\n";
}

bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

/// The proxy's words for a command that it did not send.
bool says_not_run(const std::string& error) {
  return begins(error, "KSBUSY") || begins(error, "KSCONTROL") ||
         (begins(error, "KSUPSTREAM") && error.find("nothing was sent") != std::string::npos);
}

}  // namespace

Client::Client(const Options& options, Mix& mix, Journal& journal, std::uint32_t& numbers, std::size_t port,
               bool patient)
    : options_(options), mix_(mix), journal_(journal), numbers_(numbers), port_(port), patient_(patient) {}

Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
  if (reader_) redisReaderFree(reader_);
}

bool Client::connect() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.ports[port_].number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // On loopback a connect is answered at once, by a stopped process too: its kernel does.
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (fd >= 0) ::close(fd);
    return false;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  socket_ = fd;
  number_ = numbers_++;
  if (reader_) redisReaderFree(reader_);
  reader_ = redisReaderCreate();
  out_.clear();
  return true;
}

void Client::close(const std::string& why) {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  for (Waiting& waiting : waiting_) {
    --mix_.under_way[waiting.unit];
    if (!waiting.silent) journal_.unknown(std::move(waiting.operation), why);
  }
  waiting_.clear();
  followed_.reset();
  retry_at_ = now() + static_cast<Instant>(5 + mix_.below(20)) * ms;
  port_ = mix_.below(options_.ports.size());
}

void Client::tick(Instant started, bool last) {
  if (socket_ < 0) {
    if (last || now() < retry_at_) return;
    if (!connect()) {
      retry_at_ = now() + 10 * ms;
      port_ = (port_ + 1) % options_.ports.size();
      return;
    }
  }
  if (!patient_ && !waiting_.empty() && waiting_.front().operation.begin + options_.patience_ms * ms < now())
    return close("the client gave up");
  if (waiting_.empty() && !last) send_batch(started);
}

void Client::queue(const Request& request) {
  Words words = request.words;
  for (std::size_t i = 0; i < request.key_at.size(); ++i)
    words[request.key_at[i]] = request.records[i]->name(options_.ports[port_].side);
  append(out_, words);
}

void Client::put_in_line(std::vector<Words> commands, bool transaction, std::size_t replies, std::size_t unit) {
  ++mix_.under_way[unit];
  Waiting waiting;
  waiting.unit = unit;
  waiting.operation.client = number_;
  waiting.operation.proxy = static_cast<std::int32_t>(port_);
  waiting.operation.commands = std::move(commands);
  waiting.operation.transaction = transaction;
  waiting.replies = replies;
  waiting_.push_back(std::move(waiting));
}

void Client::send_intent(const Intent& intent) {
  std::vector<Words> commands;
  for (const Request& request : intent.requests) commands.push_back(request.words);
  if (intent.shape == Intent::Shape::transaction) {
    append(out_, {"MULTI"});
    for (const Request& request : intent.requests) queue(request);
    append(out_, {"EXEC"});
    return put_in_line(std::move(commands), true, intent.requests.size() + 2, intent.unit);
  }
  if (intent.shape == Intent::Shape::watched) {
    Request watch = intent.requests[0];
    watch.words = {"WATCH", watch.words[1]};
    queue(watch);
    put_in_line({watch.words}, false, 1, intent.unit);
    followed_unit_ = intent.unit;
    waiting_.back().silent = true;
    followed_ = std::make_unique<Request>(intent.requests[0]);
  }
  queue(intent.requests[0]);
  put_in_line(std::move(commands), false, 1, intent.unit);
}

/// MULTI, SET, EXEC behind a look under WATCH. When it is carried out, the look saw what was there at that very moment:
/// so it stands in the history as one step that reads and writes.
void Client::send_write_behind() {
  const Request write = mix_.write_behind(*followed_);
  append(out_, {"MULTI"});
  queue(write);
  append(out_, {"EXEC"});
  put_in_line({followed_->words, write.words}, true, 3, followed_unit_);
  waiting_.back().with_look = true;
  followed_.reset();
}

void Client::send_batch(Instant started) {
  if (followed_) {
    send_write_behind();
  } else {
    const auto count = 1 + mix_.below(options_.pipeline);
    for (std::uint64_t i = 0; i < count && !followed_; ++i)
      send_intent(mix_.next(static_cast<std::uint64_t>((now() - started) / ms)));
  }
  const Instant begin = now();
  for (Waiting& waiting : waiting_) waiting.operation.begin = begin;
  if (!flush()) close("the connection was closed");
}

bool Client::flush() {
  for (std::size_t sent = 0; sent < out_.size();) {
    const auto n = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  out_.clear();
  return true;
}

void Client::readable(Instant started, bool last) {
  char buffer[65536];
  const auto n = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return close("the connection was closed");
  redisReaderFeed(reader_, buffer, static_cast<std::size_t>(n));
  for (void* reply = nullptr;;) {
    if (redisReaderGetReply(reader_, &reply) != REDIS_OK) return close("the reply is no RESP");
    if (!reply) break;
    const Reply found = reply_of(*static_cast<redisReply*>(reply));
    freeReplyObject(reply);
    if (waiting_.empty()) return close("a reply to nothing");
    answered(found);
  }
  if (waiting_.empty() && (followed_ || !last)) send_batch(started);
}

void Client::answered(const Reply& reply) {
  if (--waiting_.front().replies > 0) return;
  Waiting waiting = std::move(waiting_.front());
  waiting_.pop_front();
  --mix_.under_way[waiting.unit];
  waiting.operation.end = now();
  if (waiting.silent) {
    if (reply.error()) followed_.reset();  // not watched, so the look would say nothing about the write
    return;
  }
  if (waiting.operation.transaction)
    transaction_answered(std::move(waiting), reply);
  else
    plain_answered(std::move(waiting), reply);
}

void Client::plain_answered(Waiting waiting, const Reply& reply) {
  if (followed_ && waiting_.empty()) {
    seen_ = reply;
    if (reply.error() && reply.text.rfind("WRONGTYPE", 0) != 0) followed_.reset();
  }
  if (reply.error() && says_not_run(reply.text)) return journal_.refused(std::move(waiting.operation), reply.text);
  if (reply.error() && begins(reply.text, "KSUPSTREAM"))
    return journal_.unknown(std::move(waiting.operation), reply.text);
  waiting.operation.replies = {reply};
  journal_.known(waiting.operation);
}

void Client::transaction_answered(Waiting waiting, const Reply& reply) {
  if (reply.null()) return journal_.refused(std::move(waiting.operation), "a watched key was changed");
  if (reply.error() && (begins(reply.text, "EXECABORT") || says_not_run(reply.text)))
    return journal_.refused(std::move(waiting.operation), reply.text);
  if (reply.error()) return journal_.unknown(std::move(waiting.operation), reply.text);
  waiting.operation.replies = reply.elements;
  if (waiting.with_look) waiting.operation.replies.insert(waiting.operation.replies.begin(), seen_);
  journal_.known(waiting.operation);
}

}  // namespace keyshift::history
