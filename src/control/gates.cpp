#include "control/gates.hpp"

#include <charconv>

#include "control/phases.hpp"

namespace keyshift::control {
namespace {

BytesView cut(BytesView& text, char mark) noexcept {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text = at == text.npos ? BytesView() : text.substr(at + 1);
  return head;
}

template <class Number>
bool read(BytesView text, Number& value) noexcept {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

bool read_word(BytesView name, BytesView value, GateResult& out) {
  if (name == "era") return read(value, out.era);
  if (name == "spec") return out.spec = value, !value.empty();
  if (name == "server") return out.server = value, !value.empty();
  if (name == "by") return out.by = value, true;
  if (name == "looked_at") return read(value, out.looked_at);
  if (name == "wrong") return read(value, out.wrong);
  if (name != "at") return true;  // of a later version
  std::int64_t millis = 0;
  const bool fine = read(value, millis);
  out.at = UnixMillis(std::chrono::milliseconds(millis));
  return fine;
}

std::optional<GateResult> note(const std::map<Bytes, Bytes>& fields, const char* name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::nullopt : read_gate_result(found->second);
}

std::string minutes(std::chrono::milliseconds span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(span).count()) + " minutes";
}

void no_bypass(const GateFacts& facts, std::vector<Obstacle>& out) {
  if (!facts.bypass) return out.push_back({GateReason::unknown, "who is connected could not be asked"});
  for (const std::string& client : *facts.bypass) out.push_back({GateReason::bypass, client});
}

void backup(bool wanted, const GateFacts& facts, std::vector<Obstacle>& out) {
  if (!wanted) return;
  if (!facts.backup_trouble) return out.push_back({GateReason::unknown, "the backups could not be looked at"});
  if (!facts.backup_trouble->empty()) out.push_back({GateReason::backup, *facts.backup_trouble});
}

void clean_pass(const GateFacts& facts, std::vector<Obstacle>& out) {
  if (holds(facts.notes.pass, facts)) return;
  const auto& pass = facts.notes.pass;
  out.push_back({GateReason::no_clean_pass, !pass                    ? "no pass was clean yet"
                                            : pass->era != facts.era ? "the last clean pass is of another era"
                                            : pass->spec != facts.run->spec
                                                ? "the last clean pass is of other rules"
                                                : "the server restarted, or failed over, since the "
                                                  "last clean pass"});
}

void verified(const GateFacts& facts, std::vector<Obstacle>& out) {
  const auto& result = facts.notes.verify;
  if (!holds(result, facts)) return out.push_back({GateReason::not_verified, "run keyshift verify"});
  const auto age = facts.now - result->at;
  if (age > kVerifyMaxAge) out.push_back({GateReason::not_verified, "the last one is " + minutes(age) + " old"});
  if (result->wrong != 0)
    out.push_back(
        {GateReason::differences, std::to_string(result->wrong) + " of " + std::to_string(result->looked_at)});
}

std::string part(const GateResult& result) {
  return std::to_string(result.wrong) + " of " + std::to_string(result.looked_at) + " records";
}

/// Out of observe alone: where records were moved before, both names are there, as they should be.
void rehearsed(const transforms::MigrationFile& spec, const GateFacts& facts, std::vector<Obstacle>& out) {
  if (facts.run->phase != Phase::observe) return;
  const auto& result = facts.notes.rehearsal;
  if (!holds(result, facts)) return out.push_back({GateReason::not_rehearsed, {}});
  if (facts.now - result->at > kRehearsalMaxAge)
    out.push_back({GateReason::not_rehearsed, "the last one is " + minutes(facts.now - result->at) + " old"});
  if (result->wrong > spec.rehearsal_failures)
    out.push_back({GateReason::rehearsal_failures, part(*result) + ", limits.rehearsal_failures is " +
                                                       std::to_string(spec.rehearsal_failures) +
                                                       " (keyshift verify shows which)"});
}

void way_back(const GateFacts& facts, std::vector<Obstacle>& out) {
  const auto& result = facts.notes.way_back;
  if (!holds(result, facts)) return out.push_back({GateReason::way_back, "it has not been rehearsed"});
  if (facts.now - result->at > kRehearsalMaxAge)
    out.push_back({GateReason::way_back, "the last rehearsal is " + minutes(facts.now - result->at) + " old"});
  if (result->wrong != 0) out.push_back({GateReason::way_back, part(*result) + " do not come back as they were"});
}

void window(const transforms::MigrationFile& spec, const GateFacts& facts, std::vector<Obstacle>& out) {
  if (!facts.cut_over_at) return out.push_back({GateReason::unknown, "when the cutover was could not be told"});
  const auto left = *facts.cut_over_at + spec.cutover.reverse_window - facts.now;
  if (left > std::chrono::milliseconds(0)) out.push_back({GateReason::window, minutes(left) + " are left"});
}

void no_old_view(const GateFacts& facts, std::vector<Obstacle>& out) {
  if (!facts.old_view) return out.push_back({GateReason::unknown, "who uses the old names could not be asked"});
  for (const std::string& proxy : *facts.old_view) out.push_back({GateReason::old_view, proxy});
}

}  // namespace

bool holds(const std::optional<GateResult>& result, const GateFacts& facts) {
  return result && result->era == facts.era && result->spec == facts.run->spec && result->server == facts.server;
}

Bytes encode(const GateResult& r) {
  return "era " + std::to_string(r.era) + " spec " + r.spec + " server " + r.server + " at " +
         std::to_string(r.at.time_since_epoch().count()) + " by " + r.by + " looked_at " + std::to_string(r.looked_at) +
         " wrong " + std::to_string(r.wrong);
}

std::optional<GateResult> read_gate_result(BytesView text) {
  GateResult out;
  while (!text.empty()) {
    const auto name = cut(text, ' ');
    if (!read_word(name, cut(text, ' '), out)) return std::nullopt;
  }
  if (out.era == 0 || out.spec.empty() || out.server.empty()) return std::nullopt;
  return out;
}

RunNotes read_notes(const std::map<Bytes, Bytes>& fields) {
  RunNotes out;
  const auto paused = fields.find("paused");
  out.paused = paused != fields.end() && paused->second == "1";
  std::uint32_t rate = 0;
  if (const auto found = fields.find("rate"); found != fields.end() && read(BytesView(found->second), rate))
    out.rate = rate;
  out.pass = note(fields, "pass");
  out.verify = note(fields, "verify");
  out.rehearsal = note(fields, "rehearsal");
  out.way_back = note(fields, "way_back");
  return out;
}

namespace {
struct ReasonRow {
  std::string_view label;
  bool forceable;
  std::string_view meaning;
};
constexpr ReasonRow kReasons[] = {
#define X(id, label, forceable, meaning) {label, forceable, meaning},
    KEYSHIFT_GATE_REASONS(X)
#undef X
};
}  // namespace

std::string_view name(GateReason reason) noexcept { return kReasons[static_cast<std::size_t>(reason)].label; }
std::string_view meaning(GateReason reason) noexcept { return kReasons[static_cast<std::size_t>(reason)].meaning; }
bool forceable(GateReason reason) noexcept { return kReasons[static_cast<std::size_t>(reason)].forceable; }

std::optional<GateReason> gate_reason_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < std::size(kReasons); ++i)
    if (kReasons[i].label == name) return static_cast<GateReason>(i);
  return std::nullopt;
}

std::vector<Obstacle> obstacles(Wanted wanted, const transforms::MigrationFile& spec, const GateFacts& facts) {
  std::vector<Obstacle> out;
  const PhaseStep* step = step_of(wanted, facts.run->phase);
  if (step != nullptr && step->hold && !facts.backup_running.empty())
    out.push_back({GateReason::backup_running, facts.backup_running});
  switch (wanted) {
    case Wanted::start:
      no_bypass(facts, out);
      rehearsed(spec, facts, out);
      backup(spec.backup.before_start, facts, out);
      break;
    case Wanted::cutover:
      no_bypass(facts, out);
      clean_pass(facts, out);
      verified(facts, out);
      way_back(facts, out);
      backup(spec.backup.before_cutover, facts, out);
      break;
    case Wanted::observe:
      clean_pass(facts, out);
      break;
    case Wanted::complete:
      window(spec, facts, out);
      break;
    case Wanted::forget:
      no_old_view(facts, out);
      break;
    case Wanted::rollback:
    case Wanted::abort:
    case Wanted::nothing:
      break;
  }
  return out;
}

}  // namespace keyshift::control
