#pragma once
#include <deque>
#include <memory>
#include <string>

#include "journal.hpp"
#include "mix.hpp"

struct redisReader;

namespace keyshift::history {

/// One client: a connection, and what it is waiting for. Sends the next operations when all before them are answered.
class Client {
 public:
  Client(const Options& options, Mix& mix, Journal& journal, std::uint32_t& numbers, std::size_t port, bool patient);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Connects when it is not, gives up when it has waited too long, sends when it has nothing to wait for. `started` is
  /// the beginning of the load.
  void tick(Instant started, bool last);
  void readable(Instant started, bool last);
  /// Whatever is still waited for has an unknown outcome.
  void close(const std::string& why);

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] bool idle() const { return waiting_.empty() && !followed_; }

 private:
  /// An operation under way, with the replies that it still gets.
  struct Waiting {
    Operation operation;
    std::size_t replies = 1;
    std::size_t unit = 0;
    bool silent = false;     ///< WATCH: no part of the history
    bool with_look = false;  ///< the first command of the operation was a look under WATCH and is not sent again
  };

  bool connect();
  void send_batch(Instant started);
  void send_intent(const Intent& intent);
  void send_write_behind();
  void queue(const Request& request);
  void put_in_line(std::vector<Words> commands, bool transaction, std::size_t replies, std::size_t unit);
  void answered(const Reply& reply);
  void plain_answered(Waiting waiting, const Reply& reply);
  void transaction_answered(Waiting waiting, const Reply& reply);
  bool flush();

  const Options& options_;
  Mix& mix_;
  Journal& journal_;
  std::uint32_t& numbers_;
  std::size_t port_;
  bool patient_;
  int socket_ = -1;
  std::uint32_t number_ = 0;
  Instant retry_at_ = 0;
  redisReader* reader_ = nullptr;
  std::string out_;
  std::deque<Waiting> waiting_;
  std::unique_ptr<Request> followed_;  ///< the look under WATCH whose write comes next
  std::size_t followed_unit_ = 0;
  Reply seen_;  ///< what it saw
};

}  // namespace keyshift::history
