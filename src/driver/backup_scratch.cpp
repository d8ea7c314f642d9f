// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/backup_scratch.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using control::BackupFault;
namespace {

constexpr int kCannotRun = 127;
constexpr Duration kLookAgain = milliseconds(20);
constexpr Duration kStartLimit = seconds(20);

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The last lines of a server's log, in one.
std::string tail_of(std::string log) {
  constexpr std::size_t most = 600;
  if (log.size() > most) log.erase(0, log.size() - most);
  for (char& c : log)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return log;
}

/// In the child, between fork and exec: only what is safe there.
[[noreturn]] void become(const std::vector<char*>& words, int out, pid_t parent) {
  ::setpgid(0, 0);  // a Ctrl-C of the terminal is for us, and we end it
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotRun);
  ::signal(SIGXFSZ, SIG_DFL);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execvp(words[0], words.data());
  ::_exit(kCannotRun);
}

std::uint64_t number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<ScratchRedis> ScratchRedis::start(const std::string& rdb, int databases) {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/keyshift-scratch-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    return control::fail(BackupFault::scratch, pattern + " cannot be made (TMPDIR says where)");
  ScratchRedis out(pattern);
  if (const auto spawned = out.spawn(rdb, databases); !spawned) return spawned.error();
  return out;
}

Result<void> ScratchRedis::spawn(const std::string& rdb, int databases) {
  std::error_code code;
  if (!rdb.empty()) fs::create_symlink(fs::absolute(rdb), directory_ + "/dump.rdb", code);
  const int out = ::open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (code || out < 0) return control::fail(BackupFault::scratch, directory_ + " cannot be filled");
  std::vector<std::string> argv{"redis-server",
                                "--port",
                                "0",
                                "--unixsocket",
                                socket(),
                                "--unixsocketperm",
                                "700",
                                "--save",
                                "",
                                "--appendonly",
                                "no",
                                "--dir",
                                directory_,
                                "--dbfilename",
                                "dump.rdb",
                                "--databases",
                                std::to_string(databases)};
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t self = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(words, out, self);
  ::close(out);
  if (pid_ > 0) return {};
  pid_ = 0;
  return control::fail(BackupFault::scratch, "no process can be started");
}

ScratchRedis::ScratchRedis(ScratchRedis&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), pid_(std::exchange(other.pid_, 0)) {}

ScratchRedis::~ScratchRedis() {
  if (pid_ > 0) {  // it has nothing to save
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

bool ScratchRedis::running() noexcept {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
  return pid_ > 0;
}

/// Why it ended by itself. What speaks of an RDB in its log concerns the file: nothing does before it loads one.
Error ScratchRedis::ended() const {
  const std::string said = text_of(log());
  if (said.empty())
    return control::fail(BackupFault::scratch, "redis-server cannot be run; is it installed, and in PATH?");
  const bool loading = said.find("RDB") != said.npos || said.find("loading the DB") != said.npos;
  return control::fail(loading ? BackupFault::unloadable : BackupFault::scratch,
                       "the scratch redis-server ended: " + tail_of(said));
}

asio::awaitable<Result<std::unique_ptr<store::Connection>>> ScratchRedis::connect(BackupRun& run) {
  store::Url url;
  url.kind = store::Url::Kind::unix_socket;
  url.path = socket();
  store::ConnectOptions options;
  options.request_limit = seconds(120);  // while it loads it looks up seldom
  options.reply_bytes = std::size_t{2} << 30;
  asio::steady_timer timer(run.executor());
  std::unique_ptr<store::Connection> connection;
  run.begin("loading the backup into a scratch redis-server", "bytes");
  const Time give_up = std::chrono::steady_clock::now() + kStartLimit;
  bool answered = false;
  while (running() && (answered || std::chrono::steady_clock::now() < give_up)) {
    boost::system::error_code ignored;
    timer.expires_after(kLookAgain);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (!connection || !connection->is_open()) {
      auto opened = co_await store::Connection::open(run.executor(), url, options);
      if (!opened) continue;
      connection = std::move(*opened);
    }
    std::vector<Bytes> info{"INFO", "persistence"};
    const auto reply = co_await connection->ask(std::move(info));
    if (!reply || reply->error()) continue;
    answered = true;
    run.progress.done = number(store::info_field(reply->text, "loading_loaded_bytes"));
    run.progress.total = number(store::info_field(reply->text, "loading_total_bytes"));
    if (store::info_field(reply->text, "loading") == "0") co_return connection;
  }
  if (running()) co_return control::fail(BackupFault::scratch, "the scratch redis-server does not answer");
  co_return ended();
}

}  // namespace keyshift::driver
