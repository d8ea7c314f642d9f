#include "control/backup_stamp.hpp"

#include "resp/number.hpp"

namespace keyshift::control {
namespace {

constexpr BytesView kHead = "keyshift-stamp 1\n";

/// Takes the line `name value` from the front of `text`; none when it is another one.
std::optional<BytesView> take_line(BytesView& text, BytesView name) {
  const auto end = text.find('\n');
  if (end == text.npos || !text.starts_with(name) || text.substr(name.size(), 1) != " ") return std::nullopt;
  const auto value = text.substr(name.size() + 1, end - name.size() - 1);
  text.remove_prefix(end + 1);
  return value;
}

}  // namespace

Bytes encode(const BackupStamp& stamp) {
  Bytes out(kHead);
  out.append("run ").append(stamp.run).append("\nstore ").append(stamp.store).append("\nword ").append(stamp.word);
  out.append("\nwritten ").append(std::to_string(stamp.written.time_since_epoch().count())).append("\n");
  return out;
}

std::optional<BackupStamp> read_stamp(BytesView bytes) {
  if (!bytes.starts_with(kHead)) return std::nullopt;
  bytes.remove_prefix(kHead.size());
  const auto run = take_line(bytes, "run");
  const auto store = take_line(bytes, "store");
  const auto word = take_line(bytes, "word");
  const auto written = take_line(bytes, "written");
  if (!run || !store || !word || !written || !bytes.empty()) return std::nullopt;
  const auto millis = resp::read_integer(*written);
  if (!millis) return std::nullopt;
  return BackupStamp{Bytes(*run), Bytes(*store), Bytes(*word), UnixMillis(milliseconds(*millis))};
}

}  // namespace keyshift::control
