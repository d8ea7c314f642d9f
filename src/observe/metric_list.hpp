#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keyshift::observe {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

/// The one list of metrics: id, name (unit in the name), type, labels separated by commas, help.
/// docs/metrics.md is generated from it; nothing is exposed that is not here.
#define KEYSHIFT_METRICS(X)                                                                                          \
  X(build_info, "keyshift_build_info", gauge, "version", "always 1; says which version runs")                        \
  X(start_time, "keyshift_start_time_seconds", gauge, "", "when the process began, in seconds since 1970")           \
  X(mode, "keyshift_mode", gauge, "migration,mode",                                                                  \
    "1 for the mode that commands on records run in, 0 for the other three")                                         \
  X(client_connections, "keyshift_client_connections", gauge, "", "clients connected now")                           \
  X(upstream_connections, "keyshift_upstream_connections", gauge, "", "connections to Redis that are open now")      \
  X(clients_accepted, "keyshift_clients_accepted_total", counter, "", "clients that were let in")                    \
  X(upstreams_opened, "keyshift_upstreams_opened_total", counter, "", "connections to Redis that were begun")        \
  X(upstream_failures, "keyshift_upstream_failures_total", counter, "",                                              \
    "connections to Redis that could not be made or broke")                                                          \
  X(commands, "keyshift_commands_total", counter, "command,route",                                                   \
    "commands of clients by what was done with them: forward, rewrite, ensure or refuse")                            \
  X(command_duration, "keyshift_command_duration_seconds", histogram, "",                                            \
    "from a command written to Redis to its whole reply, moves that go with it included")                            \
  X(upstream_duration, "keyshift_upstream_duration_seconds", histogram, "",                                          \
    "from any request written to Redis to its whole reply: those of clients, and each of our own besides")           \
  X(refused_commands, "keyshift_refused_commands_total", counter, "rule,command,reason",                             \
    "commands answered with an error of ours; rule and command are empty where there is none")                       \
  X(protocol_errors, "keyshift_protocol_errors_total", counter, "", "clients cut off because they sent no RESP")     \
  X(output_limit_kills, "keyshift_output_limit_kills_total", counter, "",                                            \
    "clients cut off because they did not read their replies (client_output_limit)")                                 \
  X(unknown_outcomes, "keyshift_unknown_outcomes_total", counter, "",                                                \
    "commands whose connection broke before their reply: nobody knows whether they ran")                             \
  X(big_replies, "keyshift_big_replies_total", counter, "",                                                          \
    "big replies that left a shared connection and were asked for again on one of their own")                        \
  X(moves, "keyshift_moves_total", counter, "migration,rule,direction,trigger,result",                               \
    "moves of records; trigger: command or sweep; result: moved, absent (nothing to move), conflict, failed")        \
  X(move_duration, "keyshift_move_duration_seconds", histogram, "",                                                  \
    "from a move by a command written to Redis to the answer that the record was moved")                             \
  X(records_remaining, "keyshift_records_remaining", gauge, "migration,rule",                                        \
    "records still to move by the sweep's account: 0 behind a clean pass, else an estimate from what its pass has "  \
    "met so far; not shown while that is less than a hundredth of the keys")                                         \
  X(conflicts, "keyshift_conflicts_total", counter, "migration,rule",                                                \
    "records found under both names, by commands and by the sweep of this process")                                  \
  X(hold_duration, "keyshift_hold_duration_seconds", histogram, "",                                                  \
    "from the moment when a worker sees a hold of the fleet to its end")                                             \
  X(epoch, "keyshift_epoch", gauge, "", "of the change of the control record that is acted on; 0: there is none")    \
  X(phase, "keyshift_phase", gauge, "migration,phase", "1 for the phase that the run is in, 0 for the others")       \
  X(control_age, "keyshift_control_age_seconds", gauge, "",                                                          \
    "since the store said last what its control record is; up to 64 while nobody is served")                         \
  X(stale_killed, "keyshift_stale_connections_killed_total", counter, "",                                            \
    "late connections that servers closed in changes which this proxy finished")                                     \
  X(given_up, "keyshift_given_up_total", counter, "",                                                                \
    "errands for records that were under way and were given up because the fleet turned")                            \
  X(generations, "keyshift_generations_total", counter, "",                                                          \
    "times that what was known of records was forgotten because the server may be another one")                      \
  X(sweep_state, "keyshift_sweep_state", gauge, "migration,state", "1 for the state of the sweep, 0 for the others") \
  X(sweep_pass, "keyshift_sweep_pass", gauge, "migration", "pass under way, counted from 1; 0: none yet")            \
  X(sweep_clean, "keyshift_sweep_clean_pass", gauge, "migration",                                                    \
    "1 once a whole pass has found nothing left to move")                                                            \
  X(sweep_keys, "keyshift_sweep_keys_total", counter, "migration", "keys that the sweep has looked at")              \
  X(sweep_rate, "keyshift_sweep_keys_per_second", gauge, "migration", "records moved per second by the sweep")       \
  X(sweep_latency, "keyshift_sweep_server_latency_seconds", gauge, "migration",                                      \
    "smoothed round trip of the sweep's own PING")                                                                   \
  X(sweep_lag, "keyshift_sweep_lag_seconds", gauge, "migration",                                                     \
    "how long ago the last clean pass began (before the first one: the sweep): what was written under a name that "  \
    "records leave before then is moved")                                                                            \
  X(sweep_throttled, "keyshift_sweep_throttled_seconds_total", counter, "migration,reason",                          \
    "time that the sweep has waited, by reason")                                                                     \
  X(series_left_out, "keyshift_metric_series_left_out", gauge, "metric",                                             \
    "label combinations beyond the limit of one metric, added up in the one whose labels are all \"other\"")

enum class Metric : std::uint8_t {
#define X(id, name, type, labels, help) id,
  KEYSHIFT_METRICS(X)
#undef X
};

/// One row of the list. The views are literals.
struct MetricRow {
  Metric metric;
  std::string_view name;
  MetricType type;
  std::string_view labels;
  std::string_view help;
};

/// All rows, in the order of their enumerators.
std::span<const MetricRow> metrics() noexcept;
const MetricRow& metric_row(Metric metric) noexcept;
std::string_view name(MetricType type) noexcept;

/// The table of docs/metrics.md, in Markdown.
std::string metrics_markdown();

}  // namespace keyshift::observe
