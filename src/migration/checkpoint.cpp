#include "migration/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace keyshift::migration {
namespace {

constexpr BytesView kHead = "keyshift-checkpoint ";
constexpr BytesView kVersion = "1";

/// The counts of a rule, in the order in which they are written.
constexpr std::uint64_t RuleCounts::* kCounts[] = {&RuleCounts::found,       &RuleCounts::moved,
                                                   &RuleCounts::gone,        &RuleCounts::conflicts,
                                                   &RuleCounts::quarantined, &RuleCounts::failed};

void append_line(Bytes& out, BytesView name, BytesView value) {
  out.append(name).append(" ").append(value).append("\n");
}

BytesView cut(BytesView& text, char mark) {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text = at == text.npos ? BytesView() : text.substr(at + 1);
  return head;
}

template <class Number>
bool read(BytesView text, Number& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

bool read_counts(BytesView text, std::vector<RuleCounts>& all) {
  RuleCounts counts;
  for (const auto field : kCounts)
    if (!read(cut(text, ' '), counts.*field)) return false;
  all.push_back(counts);
  return text.empty();
}

bool read_field(BytesView name, BytesView value, Checkpoint& out) {
  if (name == "run") return out.run = value, true;
  if (name == "rules") return out.rules = value, true;
  if (name == "server") return out.server_run_id = value, true;
  if (name == "cursor") return read(value, out.cursor);
  if (name == "pass") return read(value, out.pass);
  if (name == "scanned") return read(value, out.scanned);
  if (name == "counts") return read_counts(value, out.counts);
  if (name == "mode") {
    const auto mode = mode_of(value);
    out.mode = mode.value_or(Mode::to_new);
    return mode.has_value();
  }
  if (name == "written") {
    std::int64_t millis = 0;
    if (!read(value, millis)) return false;
    out.written = UnixMillis(std::chrono::milliseconds(millis));
    return true;
  }
  return false;
}

}  // namespace

Bytes encode(const Checkpoint& c) {
  Bytes out(kHead);
  out.append(kVersion).append("\n");
  append_line(out, "run", c.run);
  append_line(out, "rules", c.rules);
  append_line(out, "mode", name(c.mode));
  append_line(out, "server", c.server_run_id);
  append_line(out, "cursor", std::to_string(c.cursor));
  append_line(out, "pass", std::to_string(c.pass));
  append_line(out, "scanned", std::to_string(c.scanned));
  append_line(out, "written", std::to_string(c.written.time_since_epoch().count()));
  for (const RuleCounts& counts : c.counts) {
    std::string numbers;
    for (const auto field : kCounts) numbers += (numbers.empty() ? "" : " ") + std::to_string(counts.*field);
    append_line(out, "counts", numbers);
  }
  return out;
}

Result<Checkpoint> read_checkpoint(BytesView bytes) {
  if (!bytes.starts_with(kHead)) return fail(ErrorCode::store, "the checkpoint of the sweep is not one of keyshift's");
  bytes.remove_prefix(kHead.size());
  if (const auto version = cut(bytes, '\n'); version != kVersion)
    return fail(ErrorCode::store, "the checkpoint of the sweep has version " + printable(version, 16) +
                                      ", this program reads 1 (use the program that wrote it, or delete the key)");
  if (!bytes.ends_with('\n')) return fail(ErrorCode::store, "the checkpoint of the sweep is cut off");
  Checkpoint out;
  std::size_t fields = 0;
  while (!bytes.empty()) {
    auto line = cut(bytes, '\n');
    const auto field = cut(line, ' ');
    if (!read_field(field, line, out))
      return fail(ErrorCode::store,
                  "the checkpoint of the sweep has a line that makes no sense: " + printable(field, 32));
    if (field != "counts") ++fields;
  }
  if (fields != 8) return fail(ErrorCode::store, "the checkpoint of the sweep lacks a line");
  return out;
}

std::string rules_digest(const transforms::RuleSet& rules) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a: tells apart what was edited, needs no strength against malice
  const auto add = [&hash](BytesView text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash = (hash ^ 0x100u) * 0x100000001b3u;
  };
  add(std::to_string(rules.database()));
  for (const transforms::Rule& rule : rules.rules()) {
    add(rule.name);
    add(rule.from.text());
    add(rule.to.text());
  }
  char hex[16];
  const auto end = std::to_chars(hex, hex + sizeof hex, hash, 16).ptr;
  return std::string(hex, end);
}

}  // namespace keyshift::migration
