#include "control/change.hpp"

#include <array>
#include <charconv>

namespace keyshift::control {
namespace {

constexpr BytesView kHead = "keyshift-change ";

constexpr std::array<std::string_view, 5> kPhases{"observe", "migrate", "cutover", "complete", "rollback"};
constexpr std::array<std::string_view, 8> kWanted{"nothing", "start",    "cutover", "rollback",
                                                  "observe", "complete", "abort",   "forget"};

template <class Enum, std::size_t n>
std::optional<Enum> find(const std::array<std::string_view, n>& names, std::string_view name) noexcept {
  for (std::size_t i = 0; i < n; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

template <class Number>
bool read(BytesView text, Number& value, int base = 10) noexcept {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return code == std::errc() && end == text.data() + text.size();
}

BytesView cut(BytesView& text, char mark) noexcept {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text = at == text.npos ? BytesView() : text.substr(at + 1);
  return head;
}

bool read_id(BytesView value, ChangeId& out) noexcept {
  const auto id = change_id_of(value);
  out = id.value_or(ChangeId{});
  return id.has_value();
}

bool read_flag(BytesView value, bool& out) noexcept {
  out = value == "1";
  return value == "1" || value == "0";
}

bool read_run(BytesView value, std::vector<RunEntry>& runs) {
  RunEntry run;
  run.id = cut(value, ' ');
  run.spec = cut(value, ' ');
  const auto phase = phase_of(cut(value, ' '));
  const auto wanted = wanted_of(cut(value, ' '));
  if (run.id.empty() || run.spec.empty() || !phase || !wanted || !read_id(cut(value, ' '), run.since) || value.empty())
    return false;
  run.phase = *phase;
  run.wanted = *wanted;
  run.name = value;
  runs.push_back(std::move(run));
  return true;
}

/// The fields in the order in which they are written; each stands once, but for `run`.
constexpr std::array<BytesView, 7> kFields{"epoch", "word", "prev", "kind", "forced", "era", "scope"};

bool read_field(std::size_t field, BytesView value, Change& out) noexcept {
  switch (field) {
    case 0:
      return read(value, out.id.epoch);
    case 1:
      return value.size() == 16 && read(value, out.id.word, 16);
    case 2:
      return read_id(value, out.prev);
    case 3:
      out.hold = value == "hold";
      return value == "hold" || value == "serve";
    case 4:
      return read_flag(value, out.forced);
    case 5:
      return read(value, out.era);
    default:
      return read_id(value, out.scope);
  }
}

Error damaged(std::string what) { return fail(ErrorCode::control, "the control record " + std::move(what)); }

}  // namespace

std::string text(const ChangeId& id) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, id.word, 16).ptr;
  const auto used = static_cast<std::size_t>(end - digits);
  return std::to_string(id.epoch) + "." + std::string(sizeof digits - used, '0') + std::string(digits, used);
}

std::optional<ChangeId> change_id_of(std::string_view text) noexcept {
  ChangeId id;
  const auto epoch = cut(text, '.');
  if (text.size() != 16 || !read(epoch, id.epoch) || !read(text, id.word, 16)) return std::nullopt;
  return id;
}

std::string_view name(Phase phase) noexcept { return kPhases[static_cast<std::size_t>(phase)]; }
std::optional<Phase> phase_of(std::string_view name) noexcept { return find<Phase>(kPhases, name); }
std::string_view name(Wanted wanted) noexcept { return kWanted[static_cast<std::size_t>(wanted)]; }
std::optional<Wanted> wanted_of(std::string_view name) noexcept { return find<Wanted>(kWanted, name); }

migration::Mode mode_of(Phase phase) noexcept {
  switch (phase) {
    case Phase::observe:
      return migration::Mode::old;
    case Phase::migrate:
      return migration::Mode::to_new;
    case Phase::cutover:
    case Phase::complete:
      return migration::Mode::at_new;
    case Phase::rollback:
      return migration::Mode::to_old;
  }
  return migration::Mode::old;
}

Bytes encode(const Change& c) {
  Bytes out(kHead);
  out.append(std::to_string(kFormat)).append("\n");
  const std::string id = text(c.id);
  const std::array<std::string, 7> values{
      std::to_string(c.id.epoch), id.substr(id.find('.') + 1), text(c.prev), c.hold ? "hold" : "serve",
      c.forced ? "1" : "0",       std::to_string(c.era),       text(c.scope)};
  for (std::size_t i = 0; i < values.size(); ++i) out.append(kFields[i]).append(" ").append(values[i]).append("\n");
  for (const RunEntry& run : c.runs) {
    out.append("run ").append(run.id).append(" ").append(run.spec).append(" ").append(name(run.phase)).append(" ");
    out.append(name(run.wanted)).append(" ").append(text(run.since)).append(" ").append(run.name).append("\n");
  }
  return out;
}

Result<Change> read_change(BytesView bytes) {
  if (!bytes.starts_with(kHead)) return damaged("holds something that is no change of keyshift's");
  bytes.remove_prefix(kHead.size());
  if (const auto format = cut(bytes, '\n'); format != std::to_string(kFormat))
    return damaged("has format " + printable(format, 16) + ", this program knows " + std::to_string(kFormat) +
                   " (use the version that wrote it)");
  if (!bytes.ends_with('\n')) return damaged("is cut off");
  Change out;
  std::size_t fields = 0;
  while (!bytes.empty()) {
    auto line = cut(bytes, '\n');
    const auto field = cut(line, ' ');
    const bool run = fields == kFields.size() && field == "run";
    const bool known = run || (fields < kFields.size() && field == kFields[fields]);
    if (!known || !(run ? read_run(line, out.runs) : read_field(fields, line, out)))
      return damaged("has a line that makes no sense: " + printable(field, 32));
    if (!run) ++fields;
  }
  if (fields != kFields.size()) return damaged("lacks a line");
  if (!out.id || out.era == 0) return damaged("has epoch or era 0");
  return out;
}

std::optional<ChangeId> read_change_id(BytesView bytes) noexcept {
  ChangeId id;
  if (!bytes.starts_with(kHead)) return std::nullopt;
  (void)cut(bytes, '\n');
  auto epoch = cut(bytes, '\n'), word = cut(bytes, '\n');
  if (cut(epoch, ' ') != "epoch" || cut(word, ' ') != "word") return std::nullopt;
  if (!read(epoch, id.epoch) || word.size() != 16 || !read(word, id.word, 16)) return std::nullopt;
  return id;
}

}  // namespace keyshift::control
