// simulation_check SOCKET SCRIPTS [SEED]: runs random scripts on the model and on the redis-server at the Unix socket,
// and compares every byte of every answer. A seed of its own for each script; the first difference is printed with its
// seed.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "resp/encode.hpp"
#include "script.hpp"
#include "simulation/model/model_redis.hpp"

namespace keyshift::simulation {
namespace {

constexpr int kPatience = 5000;  // ms for an answer

/// One connection to the real server.
class Wire {
 public:
  explicit Wire(const char* path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    open_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Wire() { ::close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool send(const Bytes& bytes) const {
    return open_ && ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// Exactly `size` bytes, fewer when no more come in time.
  Bytes read(std::size_t size) const {
    Bytes out(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      pollfd ready{socket_, POLLIN, 0};
      if (::poll(&ready, 1, kPatience) <= 0) break;
      const ssize_t got = ::recv(socket_, out.data() + have, size - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    out.resize(have);
    return out;
  }
  Bytes line() const {
    Bytes out;
    while (!out.ends_with("\r\n")) {
      const Bytes one = read(1);
      if (one.empty()) break;
      out += one;
    }
    return out;
  }
  /// True when the other side has closed it.
  bool ended() const { return read(1).empty(); }

 private:
  int socket_;
  bool open_ = false;
};

Bytes printed(const Words& argv) {
  Bytes out;
  for (const Bytes& word : argv) out += (out.empty() ? "" : " ") + word;
  return out;
}

Bytes encoded(const Words& argv) {
  Bytes out;
  const std::vector<BytesView> views(argv.begin(), argv.end());
  resp::append_command(out, views);
  return out;
}

std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// One script on both. What differs, in words; empty: nothing.
class Comparison {
 public:
  explicit Comparison(const char* path) : path_(path), observer_(path) {}

  Bytes run(const Script& script) {
    for (std::size_t i = 0; i < kConnections; ++i) connect(i);
    for (const ScriptStep& s : script) {
      if (s.pause != 0) std::this_thread::sleep_for(std::chrono::milliseconds(s.pause));
      if (links_[s.connection]->killed) connect(s.connection);
      if (Bytes wrong = step(s.connection, s.commands); !wrong.empty()) return wrong;
    }
    return farewell();
  }

 private:
  void connect(std::size_t i) {
    if (links_[i]) model_.forget(*links_[i]);
    wires_[i] = std::make_unique<Wire>(path_);
    links_[i] = std::make_unique<ModelRedis::Link>();
    wires_[i]->send(encoded({"CLIENT", "ID"}));
    const Bytes id = wires_[i]->line();
    model_.know(*links_[i], std::strtoull(id.c_str() + 1, nullptr, 10));
  }

  Words with_ids(Words argv) const {
    for (Bytes& word : argv)
      if (word.size() == 2 && word[0] == '@')
        word = std::to_string(links_[static_cast<std::size_t>(word[1] - '0')]->id);
    return argv;
  }

  Bytes step(std::size_t who, const std::vector<Words>& commands) {
    Bytes sent, expected[kConnections];
    for (const Words& argv : commands) {
      sent += encoded(with_ids(argv));
      told_ += "\n  " + std::to_string(who) + ": " + printed(argv);
    }
    model_.clock = wall_clock();
    model_.take(*links_[who], sent, expected[who]);
    // Who is unblocked goes on with what it had sent behind, in the order in which they were.
    for (;;) {
      std::size_t next = kConnections;
      for (std::size_t i = 0; i < kConnections; ++i) {
        expected[i] += std::exchange(links_[i]->pushed, Bytes());
        if (!links_[i]->resumed) continue;
        if (next == kConnections || links_[i]->resumed_at < links_[next]->resumed_at) next = i;
      }
      if (next == kConnections) break;
      links_[next]->resumed = false;
      model_.take(*links_[next], "", expected[next]);
    }
    if (!wires_[who]->send(sent)) return told_ + "\n  the server does not take it";
    if (links_[who]->blocked) await_blocked(*links_[who]);
    // The one that sent is read first: what others get follows from it.
    for (std::size_t n = 0; n < kConnections; ++n) {
      const std::size_t i = (who + n) % kConnections;
      // What was answered to a connection that is killed in the same turn of the server's loop may never be sent.
      const Bytes got = wires_[i]->read(expected[i].size());
      if (links_[i]->killed ? !expected[i].starts_with(got) : got != expected[i])
        return told_ + "\n  connection " + std::to_string(i) + " got " + printable(got, 400) + "\n  the model says  " +
               printable(expected[i], 400);
    }
    return {};
  }

  /// What blocks is not answered: until the server shows that it has come there, and all that was sent behind it.
  void await_blocked(const ModelRedis::Link& link) const {
    const Bytes waiting = " qbuf=" + std::to_string(link.unread.size()) + " ";
    for (int i = 0; i < 1000; ++i) {
      observer_.send(encoded({"CLIENT", "LIST", "ID", std::to_string(link.id)}));
      const Bytes header = observer_.line();
      const Bytes text = observer_.read(std::strtoul(header.c_str() + 1, nullptr, 10) + 2);
      if (text.find(" flags=b") != Bytes::npos && text.find(waiting) != Bytes::npos) return;
    }
  }

  /// Nothing more than what was expected has come, and both hold the same.
  Bytes farewell() {
    // What is unblocked may kill others, or block again.
    for (std::size_t n = 0; n < 4 * kConnections; ++n) {
      const std::size_t i = n % kConnections;
      if (links_[i]->killed) {
        if (!wires_[i]->ended()) return told_ + "\n  connection " + std::to_string(i) + " should have been killed";
        connect(i);
      } else if (links_[i]->blocked) {
        const std::size_t other = (i + 1) % kConnections;
        connect(other);
        if (Bytes wrong = step(other, {{"CLIENT", "UNBLOCK", "@" + std::to_string(i)}}); !wrong.empty()) return wrong;
      }
    }
    for (std::size_t i = 0; i < kConnections; ++i)
      if (!links_[i]->blocked && !links_[i]->killed)
        if (Bytes wrong = step(i, {{"DISCARD"}, {"ECHO", "the end"}}); !wrong.empty()) return wrong;
    connect(0);
    std::vector<Words> all;
    for (const char* key : {"a", "b", "c", "d", "l1", "l2", "h", "s"}) {
      all.push_back({"TYPE", key});
      all.push_back({"GET", key});
      all.push_back({"LRANGE", key, "0", "-1"});
    }
    return step(0, all);
  }

  const char* path_;
  Wire observer_;
  ModelRedis model_;
  std::unique_ptr<Wire> wires_[kConnections];
  std::unique_ptr<ModelRedis::Link> links_[kConnections];
  Bytes told_;
};

int check(const char* path, std::uint64_t scripts, std::uint64_t first) {
  std::uint64_t failed = 0;
  for (std::uint64_t seed = first; seed < first + scripts && failed < 3; ++seed) {
    Bytes wrong;
    // A deadline may pass between the model's look at the clock and the server's: what differs differs three times.
    for (int tries = 0; tries == 0 || (tries < 3 && !wrong.empty()); ++tries) {
      Wire clean(path);
      clean.send(encoded({"FLUSHALL"}));
      if (clean.line() != "+OK\r\n") return std::puts("the server cannot be emptied"), 2;
      wrong = Comparison(path).run(random_script(seed));
    }
    if (wrong.empty()) continue;
    ++failed;
    std::printf("seed %llu:%s\n", static_cast<unsigned long long>(seed), wrong.c_str());
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(scripts - failed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace keyshift::simulation

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("simulation_check SOCKET SCRIPTS [SEED]\n", stderr), 2;
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  return keyshift::simulation::check(argv[1], std::strtoull(argv[2], nullptr, 10), seed);
}
