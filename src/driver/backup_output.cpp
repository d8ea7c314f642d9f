#include "driver/backup_output.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "control/backup_fault.hpp"

namespace keyshift::driver {
namespace {

Error disk_error(const std::string& path, const std::string& what) {
  return control::fail(control::BackupFault::disk, path + ": " + what + ": " + std::strerror(errno));
}

bool put(int file, BytesView bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// A new name is on the disk once its directory is.
bool sync_directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const int directory = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  const bool synced = ::fsync(directory) == 0 || errno == EINVAL;  // some file systems have nothing to sync there
  ::close(directory);
  return synced;
}

}  // namespace

Result<BackupOutput> BackupOutput::create(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0)
    return control::fail(control::BackupFault::disk, path + ": a file of that name is there already");
  const int file = ::open((path + ".part").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return disk_error(path + ".part", "cannot be made");
  ::flock(file, LOCK_EX | LOCK_NB);  // a file that is new is nobody else's
  return BackupOutput(path, file);
}

Result<BackupOutput> BackupOutput::resume(const std::string& path, std::uint64_t valid, const Sha256& digest) {
  const int file = ::open((path + ".part").c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return disk_error(path + ".part", "cannot be opened");
  BackupOutput out(path, file);
  out.kept_ = true;
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) return out.refused("is being written");
  if (::ftruncate(file, static_cast<off_t>(valid)) != 0 || ::lseek(file, 0, SEEK_END) < 0)
    return out.refused("cannot be cut");
  out.bytes_ = valid;
  out.digest_ = digest;
  return out;
}

BackupOutput::BackupOutput(BackupOutput&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      bytes_(other.bytes_),
      digest_(other.digest_),
      kept_(other.kept_) {}

BackupOutput::~BackupOutput() {
  if (file_ < 0) return;
  ::close(file_);
  if (!kept_) ::unlink(part().c_str());
}

Error BackupOutput::refused(const std::string& what) const { return disk_error(part(), what); }

Result<void> BackupOutput::write(BytesView bytes) {
  if (!put(file_, bytes)) return refused("cannot be written behind " + std::to_string(bytes_) + " bytes");
  digest_.add(bytes);
  bytes_ += bytes.size();
  return {};
}

Result<void> BackupOutput::flush() {
  if (::fsync(file_) != 0) return refused("cannot be brought to the disk");
  return {};
}

Result<void> BackupOutput::finish() {
  if (const auto flushed = flush(); !flushed) return flushed;
  if (::rename(part().c_str(), path_.c_str()) != 0) return refused("cannot be renamed");
  ::close(std::exchange(file_, -1));
  if (!sync_directory_of(path_)) return disk_error(path_, "its directory cannot be brought to the disk");
  return {};
}

Result<void> replace_file(const std::string& path, BytesView text) {
  const std::string part = path + ".part";
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return disk_error(part, "cannot be made");
  const bool whole = put(file, text) && ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  errno = why;
  if (whole && ::rename(part.c_str(), path.c_str()) == 0 && sync_directory_of(path)) return {};
  const Error error = disk_error(path, "cannot be written");
  ::unlink(part.c_str());
  return error;
}

}  // namespace keyshift::driver
