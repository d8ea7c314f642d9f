#include "cli/demo_report.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace keyshift::cli::demo {
namespace {

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  char text[512];
  va_list values;
  va_start(values, pattern);
  std::vsnprintf(text, sizeof text, pattern, values);
  va_end(values);
  return text;
}

std::string latency_row(const char* what, const LatencyCounts& counts) {
  return format("    %-24s p50 %6.2f ms   p99 %6.2f ms   p99.9 %6.2f ms\n", what, quantile_ms(counts, 0.5),
                quantile_ms(counts, 0.99), quantile_ms(counts, 0.999));
}

std::string row(const char* what, const std::string& value) { return format("    %-48s %14s\n", what, value.c_str()); }

/// How long a step held the fleet; below 0: it was none that does.
long held_ms(const Typed& typed) { return typed.said.is_object() ? typed.said.value("held_ms", -1L) : -1L; }

std::string verdict_rows(const Report& r) {
  const char* const right =
      r.names == Names::old ? "of them right: old name again, value, expiry" : "of them right: new name, value, expiry";
  const std::pair<const char*, const char*> rows[] = {
      {"expected", "records that must be there"},
      {"right", right},
      {"missing", "missing"},
      {"wrong_value", "with another value"},
      {"wrong_expiry", "with another expiry"},
      {"deleted", "records that clients deleted"},
      {"deleted_but_there", "of them there all the same"},
      {"unsure", "records whose last write has no known outcome"},
      {"in_neither_state", "of them neither with it nor without it"},
      {"under_other_name", "found under the other name"},
      {"quarantined", "put aside by a conflict"},
      {"unexpected", "keys that nobody expects"},
      {"reserved", "keys of Keyshift itself"},
  };
  std::string out;
  for (const auto& [field, words] : rows) out += row(words, grouped(r.verdict.value(field, std::uint64_t{0})));
  if (r.verdict.contains("problems"))
    for (const auto& problem : r.verdict["problems"])
      out.append("    ! ").append(problem.is_string() ? problem.get<std::string>() : problem.dump()).append("\n");
  return out;
}

/// Where there is a limit: "2 of at most 3".
std::string within(std::uint64_t number, std::uint64_t allowed) {
  return grouped(number) + " of at most " + grouped(allowed);
}

/// What clients of a proxy met that is no error because of what was done to it, or is one.
std::string door_rows(const Report& r, unsigned proxy) {
  const DoorTotals& door = r.load.doors[proxy];
  const std::uint64_t cut = r.cut_allowed(proxy), unknown = r.unknown_allowed(proxy);
  const std::string name = "proxy-" + std::to_string(proxy + 1);
  std::string out;
  if (cut + door.cut > 0) out += row((name + ": connections that broke").c_str(), within(door.cut, cut));
  if (unknown + door.unsure + door.late == 0) return out;
  out += row((name + ": -KSUPSTREAM, or given up after 1 s").c_str(), within(door.unsure + door.late, unknown));
  return out;
}

std::string moved_rows(const char* where, const Moved& moved) {
  return row((std::string(where) + " by the sweep").c_str(), grouped(moved.by_sweep)) +
         row((std::string(where) + " by clients' own commands").c_str(), grouped(moved.by_clients));
}

/// "start" of "keyshift start".
std::string step_of(const Typed& typed) {
  const auto begin = typed.line.find(' ') + 1;
  return typed.line.substr(begin, typed.line.find(' ', begin) - begin);
}

std::string happened_rows(const Report& r) {
  std::string out = row("records filled in, under old names", grouped(r.records));
  for (const PhaseTime& phase : r.phases)
    out += row(("seconds in " + phase.phase).c_str(), format("%.1f", phase.seconds));
  for (const Typed& typed : r.typed)
    if (const long held = held_ms(typed); held > 0)
      out += row(("ms that commands on records were held at " + step_of(typed)).c_str(), std::to_string(held));
  if (r.killed) out += row("killed (-9), and started again", "proxy-" + std::to_string(r.killed->proxy + 1));
  if (r.stopped)
    out += row("stopped across a flip, and continued",
               "proxy-" + std::to_string(r.stopped->proxy + 1) + format(", %.1f s", r.stopped->seconds));
  out += moved_rows("moved", r.there);
  if (r.names == Names::old) out += moved_rows("moved back", r.back);
  return out;
}

nlohmann::json latency_document(const LatencyCounts& counts) {
  return {{"p50_ms", quantile_ms(counts, 0.5)},
          {"p99_ms", quantile_ms(counts, 0.99)},
          {"p999_ms", quantile_ms(counts, 0.999)}};
}

}  // namespace

std::uint64_t Report::cut_allowed(unsigned proxy) const {
  return killed && killed->proxy == proxy ? killed->clients : 0;
}

std::uint64_t Report::unknown_allowed(unsigned proxy) const {
  return stopped && stopped->proxy == proxy ? stopped->clients : 0;
}

bool Report::passed() const {
  for (unsigned proxy = 0; proxy < proxies; ++proxy) {
    const DoorTotals& door = load.doors[proxy];
    if (door.cut > cut_allowed(proxy) || door.unsure + door.late > unknown_allowed(proxy)) return false;
  }
  return killed && stopped && load.errors == 0 && load.wrong == 0 && load.commands() > 0 &&
         verdict.value("passed", false) && verdict.value("unsure", load.unknown() + 1) <= load.unknown();
}

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, 1, ',');
  return out;
}

std::string progress_line(const Report& now, const std::string& phase, std::uint64_t moved, const LoadTotals& last,
                          double seconds_between) {
  const LatencyCounts recent = difference(now.load.through, last.through);
  const double rate = static_cast<double>(now.load.commands() - last.commands()) / seconds_between;
  std::string out = format("%4.0f s  %-8s ", now.load_seconds, phase.c_str());
  if (phase == "migrate" || phase == "rollback")
    out += format("%s %9s of %s  ", phase == "migrate" ? "moved" : "moved back", grouped(moved).c_str(),
                  grouped(now.records).c_str());
  out += format("| %6s commands/s, p50 %.2f ms, p99 %.2f ms ", grouped(static_cast<std::uint64_t>(rate)).c_str(),
                quantile_ms(recent, 0.5), quantile_ms(recent, 0.99));
  return out + format("| errors %s, wrong answers %s, outcomes unknown %s\n", grouped(now.load.errors).c_str(),
                      grouped(now.load.wrong).c_str(), grouped(now.load.unknown()).c_str());
}

std::string typed_line(const Typed& typed) {
  std::string out = format("%4.0f s  $ %s", typed.at + typed.seconds, typed.line.c_str());
  if (!typed.said.is_object()) return out + "\n";
  if (typed.said.contains("phase")) out += "   phase " + typed.said.value("phase", std::string("?"));
  if (const long held = held_ms(typed); held > 0)
    out += ", commands on records were held for " + std::to_string(held) + " ms";
  if (const auto closed = typed.said.value("connections_closed", 0); closed > 0)
    out += ", " + std::to_string(closed) + " late connections were closed";
  if (typed.said.contains("proof") && typed.said["proof"].is_object())
    out += "   " + typed.said["proof"].value("result", std::string("?")) + ", " +
           grouped(typed.said["proof"].value("keys", std::uint64_t{0})) + " keys came out of it";
  if (typed.said.contains("clean")) out += typed.said.value("clean", false) ? "   no difference" : "   differences";
  return out + format(" (%.1f s)\n", typed.seconds);
}

std::string report_text(const Report& r) {
  std::string out = "\nWhat happened\n" + happened_rows(r);
  out += format("\nWhat %u clients saw meanwhile, with the old names\n", r.clients);
  out += row("reads, each answer compared", grouped(r.load.reads));
  out += row("writes, each answer compared", grouped(r.load.writes));
  out += row("errors", grouped(r.load.errors));
  out += row("wrong answers", grouped(r.load.wrong));
  for (unsigned proxy = 0; proxy < proxies; ++proxy) out += door_rows(r, proxy);
  out += latency_row("through the proxies", r.load.through) + latency_row("straight to Redis", r.load.direct);
  if (!r.load.problem.empty()) out += "    ! " + r.load.problem + "\n";
  out += format("\nThe verdict of process %ld, which read all of Redis directly\n", r.verdict_pid);
  return out + verdict_rows(r) + (r.passed() ? "\nPASS\n" : "\nFAIL\n");
}

nlohmann::json report_document(const Report& r) {
  nlohmann::json phases = nlohmann::json::array(), typed = nlohmann::json::array(), doors = nlohmann::json::array();
  for (const PhaseTime& phase : r.phases) phases.push_back({{"phase", phase.phase}, {"seconds", phase.seconds}});
  for (const Typed& one : r.typed)
    typed.push_back({{"command", one.line},
                     {"at", one.at},
                     {"seconds", one.seconds},
                     {"held_ms", held_ms(one) < 0 ? nlohmann::json() : nlohmann::json(held_ms(one))}});
  for (unsigned proxy = 0; proxy < proxies; ++proxy) {
    const DoorTotals& door = r.load.doors[proxy];
    doors.push_back({{"cut", door.cut},
                     {"cut_allowed", r.cut_allowed(proxy)},
                     {"ksupstream", door.unsure},
                     {"given_up", door.late},
                     {"unknown_allowed", r.unknown_allowed(proxy)}});
  }
  return {{"passed", r.passed()},
          {"records", r.records},
          {"clients", r.clients},
          {"fill_seconds", r.fill_seconds},
          {"load_seconds", r.load_seconds},
          {"phases", std::move(phases)},
          {"typed", std::move(typed)},
          {"moved", {{"by_sweep", r.there.by_sweep}, {"by_clients", r.there.by_clients}}},
          {"moved_back", {{"by_sweep", r.back.by_sweep}, {"by_clients", r.back.by_clients}}},
          {"proxies", std::move(doors)},
          {"load",
           {{"reads", r.load.reads},
            {"writes", r.load.writes},
            {"errors", r.load.errors},
            {"wrong_answers", r.load.wrong},
            {"problem", r.load.problem},
            {"through_proxies", latency_document(r.load.through)},
            {"direct", latency_document(r.load.direct)}}},
          {"verdict", r.verdict}};
}

}  // namespace keyshift::cli::demo
