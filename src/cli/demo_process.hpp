#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace keyshift::cli::demo {

/// A child process. It gets no signals from the terminal, and ends when this process ends, however that happens.
class Child {
 public:
  Child() = default;
  /// Starts `argv` (the first word is looked for in PATH) with standard output and error behind what is in the file
  /// `log`, or with its errors in a file of their own.
  static Result<Child> start(std::vector<std::string> argv, const std::string& log, const std::string& errors = {});
  /// Forks; the child runs `work` and exits with what it gives. Only while this process has a single thread.
  static Result<Child> fork(const std::function<int()>& work);

  Child(Child&& other) noexcept : pid_(other.pid_) { other.pid_ = 0; }
  Child& operator=(Child&& other) noexcept;
  ~Child() { end(); }

  /// True while it runs.
  bool running();
  /// Waits for its end; the exit code, or 128 + the signal that ended it.
  int wait();
  /// SIGTERM, and SIGKILL after a few seconds.
  void end();
  /// kill -9, and waits until it is gone.
  void kill();
  /// SIGSTOP and SIGCONT.
  void freeze() const;
  void thaw() const;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_ = 0;
  int status_ = 0;
};

/// A port on loopback that nobody listened on a moment ago.
Result<std::uint16_t> free_port();
/// The path of this program.
std::string own_path();
/// The last few lines of a file, for error texts.
std::string tail_of(const std::string& path);

/// A new directory below TMPDIR (or /tmp), removed with all that is in it unless keep() was called.
class WorkDirectory {
 public:
  static Result<WorkDirectory> create();
  WorkDirectory(WorkDirectory&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  WorkDirectory& operator=(WorkDirectory&&) = delete;
  ~WorkDirectory();
  void keep() noexcept { kept_ = true; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  explicit WorkDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
  bool kept_ = false;
};

/// While it lives, SIGINT and SIGTERM set a flag in place of ending the process. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  [[nodiscard]] static bool came() noexcept;
};

}  // namespace keyshift::cli::demo
