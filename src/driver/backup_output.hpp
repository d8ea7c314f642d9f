#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "driver/sha256.hpp"

namespace keyshift::driver {

/// A file that is there whole or not at all: written as <path>.part, and renamed once all of it is on the disk.
/// Errors are `disk-full`, with what the system says.
class BackupOutput {
 public:
  /// An error when <path>.part or <path> is there already.
  static Result<BackupOutput> create(const std::string& path);
  /// Goes on behind the first `valid` bytes of <path>.part, whose digest so far is `digest`; what follows them is cut.
  /// An error while another process has it open here. It stays when finish() is not called.
  static Result<BackupOutput> resume(const std::string& path, std::uint64_t valid, const Sha256& digest);

  BackupOutput(BackupOutput&& other) noexcept;
  BackupOutput& operator=(BackupOutput&&) = delete;
  /// Removes <path>.part unless finish() was called, or keep().
  ~BackupOutput();

  Result<void> write(BytesView bytes);
  /// What was written so far is on the disk when it returns.
  Result<void> flush();
  /// To the disk, then to its name, then the name to the disk.
  Result<void> finish();
  /// <path>.part stays, for resume().
  void keep() noexcept { kept_ = true; }
  /// It does not, whatever was said before.
  void discard() noexcept { kept_ = false; }

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string sha256() const { return digest_.hex(); }

 private:
  BackupOutput(std::string path, int file) : path_(std::move(path)), file_(file) {}
  [[nodiscard]] std::string part() const { return path_ + ".part"; }
  [[nodiscard]] Error refused(const std::string& what) const;

  std::string path_;
  int file_ = -1;
  std::uint64_t bytes_ = 0;
  Sha256 digest_;
  bool kept_ = false;
};

/// Writes a small file whole or not at all, replacing one that is there. Error `disk-full`.
Result<void> replace_file(const std::string& path, BytesView text);

}  // namespace keyshift::driver
