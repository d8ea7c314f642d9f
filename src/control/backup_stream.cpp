#include "control/backup_stream.hpp"

#include <algorithm>

#include "control/backup_fault.hpp"
#include "resp/number.hpp"

namespace keyshift::control {
namespace {
constexpr std::size_t kMark = 40;
constexpr std::size_t kLongestLine = 1024;
constexpr BytesView kMarked = "$EOF:";

Error unreadable(BytesView line) {
  return fail(BackupFault::stream, "the server answered PSYNC with " + printable(line, 80));
}
}  // namespace

Result<BytesView> BackupStream::feed(BytesView chunk) {
  while (!chunk.empty() && (stage_ == Stage::reply || stage_ == Stage::header)) {
    const char c = chunk.front();
    chunk.remove_prefix(1);
    if (c != '\n') {
      line_ += c;
      if (line_.size() > kLongestLine) return unreadable(line_);
      continue;
    }
    if (const auto taken = take_line(); !taken) return taken.error();
  }
  if (stage_ == Stage::counted) return take_counted(chunk);
  return stage_ == Stage::marked ? take_marked(chunk) : BytesView();
}

Result<void> BackupStream::take_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  const Bytes line = std::move(line_);
  line_.clear();
  if (line.empty()) return {};
  return stage_ == Stage::reply ? take_reply(line) : take_header(line);
}

Result<void> BackupStream::take_reply(BytesView line) {
  if (line.starts_with('-')) return fail(BackupFault::psync, "the server answered PSYNC with " + printable(line, 200));
  constexpr BytesView full = "+FULLRESYNC ";
  if (!line.starts_with(full)) return unreadable(line);
  const auto rest = line.substr(full.size());
  const auto space = rest.find(' ');
  const auto offset = space == rest.npos ? std::nullopt : resp::read_integer(rest.substr(space + 1));
  if (!offset) return unreadable(line);
  id_ = rest.substr(0, space);
  offset_ = *offset;
  stage_ = Stage::header;
  return {};
}

Result<void> BackupStream::take_header(BytesView line) {
  if (line.starts_with('-')) return fail(BackupFault::psync, "the server ended PSYNC with " + printable(line, 200));
  if (line.starts_with(kMarked) && line.size() == kMarked.size() + kMark) {
    mark_ = line.substr(kMarked.size());
    stage_ = Stage::marked;
    return {};
  }
  const auto length = line.starts_with('$') ? resp::read_integer(line.substr(1)) : std::nullopt;
  if (!length || *length <= 0) return unreadable(line);
  announced_ = left_ = static_cast<std::uint64_t>(*length);
  stage_ = Stage::counted;
  return {};
}

BytesView BackupStream::take_counted(BytesView chunk) {
  chunk = chunk.substr(0, std::min<std::uint64_t>(left_, chunk.size()));
  left_ -= chunk.size();
  if (left_ == 0) stage_ = Stage::whole;
  return chunk;
}

/// Gives out all but the last 40 bytes: those may be the mark, or the beginning of one.
BytesView BackupStream::take_marked(BytesView chunk) {
  held_.erase(0, given_);
  held_.append(chunk);
  const auto found = held_.find(mark_);
  if (found != held_.npos) stage_ = Stage::whole;
  given_ = found != held_.npos ? found : held_.size() - std::min(held_.size(), kMark);
  return BytesView(held_).substr(0, given_);
}

}  // namespace keyshift::control
