#include "cli/demo_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace keyshift::cli::demo {
namespace {

constexpr auto grace = seconds(5);
constexpr int cannot_run = 127;

// A handler can reach nothing else.
volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) { interrupted = 1; }

Error system_error(const std::string& what) { return fail(ErrorCode::system, what + ": " + std::strerror(errno)); }

/// In the child, between fork and its work.
void become_child(pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(cannot_run);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace

Result<Child> Child::start(std::vector<std::string> argv, const std::string& log, const std::string& errors) {
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return system_error(log);
  const int error = errors.empty() ? out : ::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (error < 0) ::close(out);
  if (error < 0) return system_error(errors);
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become_child(self);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    ::execvp(words[0], words.data());
    ::_exit(cannot_run);
  }
  ::close(out);
  if (error != out) ::close(error);
  if (pid < 0) return system_error("fork");
  return Result<Child>(boost::system::in_place_value, Child(pid));
}

Result<Child> Child::fork(const std::function<int()>& work) {
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become_child(self);
    int code = 1;
    try {
      code = work();
    } catch (const std::exception&) {
      code = cannot_run;
    }
    ::_exit(code);
  }
  if (pid < 0) return system_error("fork");
  return Result<Child>(boost::system::in_place_value, Child(pid));
}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  end();
  pid_ = other.pid_;
  other.pid_ = 0;
  return *this;
}

bool Child::running() {
  if (pid_ == 0) return false;
  if (::waitpid(pid_, &status_, WNOHANG) == 0) return true;
  pid_ = 0;
  return false;
}

int Child::wait() {
  while (pid_ != 0 && ::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) continue;
  pid_ = 0;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

void Child::end() {
  if (!running()) return;
  thaw();  // what is stopped would not hear the other signal
  ::kill(pid_, SIGTERM);
  const auto limit = std::chrono::steady_clock::now() + grace;
  while (running()) {
    if (std::chrono::steady_clock::now() > limit) ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(milliseconds(5));
  }
}

void Child::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  wait();
}

// Number 0 would be this process and its group.
void Child::freeze() const {
  if (pid_ != 0) ::kill(pid_, SIGSTOP);
}

void Child::thaw() const {
  if (pid_ != 0) ::kill(pid_, SIGCONT);
}

Result<std::uint16_t> free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return system_error("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(socket, generic, length) == 0 && ::getsockname(socket, generic, &length) == 0;
  ::close(socket);
  if (!bound) return system_error("bind");
  return ntohs(address.sin_port);
}

std::string own_path() {
  std::error_code ignored;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return path.empty() ? "keyshift" : path.string();
}

std::string tail_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  constexpr std::size_t most = 1000;
  if (text.size() > most) text.erase(0, text.size() - most);
  return text;
}

Result<WorkDirectory> WorkDirectory::create() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/keyshift-demo-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return system_error(pattern);
  return Result<WorkDirectory>(boost::system::in_place_value, WorkDirectory(pattern));
}

WorkDirectory::~WorkDirectory() {
  if (path_.empty() || kept_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Interrupts::Interrupts() {
  interrupted = 0;
  struct sigaction action{};
  action.sa_handler = interrupt;  // without SA_RESTART: a wait for a child ends, too
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

Interrupts::~Interrupts() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool Interrupts::came() noexcept { return interrupted != 0; }

}  // namespace keyshift::cli::demo
