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

std::string row(const char* what, const std::string& value) { return format("    %-44s %12s\n", what, value.c_str()); }

std::string verdict_rows(const nlohmann::json& verdict) {
  constexpr std::pair<const char*, const char*> rows[] = {
      {"expected", "records that must be there"},
      {"right", "of them right: new name, value, expiry"},
      {"missing", "missing"},
      {"wrong_value", "with another value"},
      {"wrong_expiry", "with another expiry"},
      {"deleted", "records that clients deleted"},
      {"deleted_but_there", "of them there all the same"},
      {"under_old_name", "left under an old name"},
      {"quarantined", "put aside by a conflict"},
      {"unexpected", "keys that nobody expects"},
      {"reserved", "keys of Keyshift itself"},
  };
  std::string out;
  for (const auto& [field, words] : rows) out += row(words, grouped(verdict.value(field, std::uint64_t{0})));
  if (verdict.contains("problems"))
    for (const auto& problem : verdict["problems"])
      out.append("    ! ").append(problem.is_string() ? problem.get<std::string>() : problem.dump()).append("\n");
  return out;
}

nlohmann::json latency_document(const LatencyCounts& counts) {
  return {{"p50_ms", quantile_ms(counts, 0.5)},
          {"p99_ms", quantile_ms(counts, 0.99)},
          {"p999_ms", quantile_ms(counts, 0.999)}};
}

}  // namespace

bool Report::passed() const {
  return sweep.clean && load.errors == 0 && load.wrong == 0 && load.commands() > 0 && verdict.value("passed", false);
}

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, 1, ',');
  return out;
}

std::string progress_line(const Report& now, const LoadTotals& last, double seconds_between) {
  const std::uint64_t moved = now.sweep.swept + now.sweep.moved_by_clients;
  const LatencyCounts recent = difference(now.load.through, last.through);
  const double rate = static_cast<double>(now.load.commands() - last.commands()) / seconds_between;
  std::string out = now.sweep.clean ? format("%3.0f s  nothing left to move  ", now.load_seconds)
                                    : format("%3.0f s  moved %10s (%3.0f %%), %7s/s, left %10s  ", now.load_seconds,
                                             grouped(moved).c_str(),
                                             100.0 * static_cast<double>(moved) / static_cast<double>(now.records),
                                             grouped(static_cast<std::uint64_t>(now.sweep.keys_per_second)).c_str(),
                                             grouped(now.records - std::min(now.records, moved)).c_str());
  out += format("| %6s commands/s, p50 %.2f ms, p99 %.2f ms ", grouped(static_cast<std::uint64_t>(rate)).c_str(),
                quantile_ms(recent, 0.5), quantile_ms(recent, 0.99));
  return out +
         format("| errors %s, wrong answers %s\n", grouped(now.load.errors).c_str(), grouped(now.load.wrong).c_str());
}

std::string report_text(const Report& r) {
  std::string out = "\nWhat happened\n";
  out += row("records filled in, under old names", grouped(r.records));
  out += row("moved by the sweeper", grouped(r.sweep.swept));
  out += row("moved by clients' own commands", grouped(r.sweep.moved_by_clients));
  out += row("seconds until a whole pass found nothing", format("%.1f", r.move_seconds));
  out += format("\nWhat %u clients saw meanwhile, with the old names\n", r.clients);
  out += row("reads, each answer compared", grouped(r.load.reads));
  out += row("writes, each answer compared", grouped(r.load.writes));
  out += row("errors", grouped(r.load.errors));
  out += row("wrong answers", grouped(r.load.wrong));
  out += latency_row("through the proxy", r.load.through) + latency_row("straight to Redis", r.load.direct);
  if (!r.load.problem.empty()) out += "    ! " + r.load.problem + "\n";
  out += format("\nThe verdict of process %ld, which read all of Redis directly\n", r.verdict_pid);
  return out + verdict_rows(r.verdict) + (r.passed() ? "\nPASS\n" : "\nFAIL\n");
}

nlohmann::json report_document(const Report& r) {
  return {
      {"passed", r.passed()},
      {"records", r.records},
      {"clients", r.clients},
      {"fill_seconds", r.fill_seconds},
      {"move_seconds", r.move_seconds},
      {"load_seconds", r.load_seconds},
      {"moved", {{"by_sweeper", r.sweep.swept}, {"by_clients", r.sweep.moved_by_clients}, {"clean", r.sweep.clean}}},
      {"load",
       {{"reads", r.load.reads},
        {"writes", r.load.writes},
        {"errors", r.load.errors},
        {"wrong_answers", r.load.wrong},
        {"problem", r.load.problem},
        {"through_proxy", latency_document(r.load.through)},
        {"direct", latency_document(r.load.direct)}}},
      {"verdict", r.verdict}};
}

}  // namespace keyshift::cli::demo
