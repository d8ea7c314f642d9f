#include "cli/proxy_view.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "cli/status_fields.hpp"
#include "cli/status_lines.hpp"
#include "control/proxy_report.hpp"
#include "observe/metrics.hpp"
#include "unit/cli/rules_for_tests.hpp"

using namespace keyshift;
using namespace keyshift::cli;
using nlohmann::json;

namespace {

/// A proxy that has served: two workers, two rules, a sweep, one refusal.
struct World {
  Startup startup;
  commands::Table table;
  proxy::EngineCounters one, two;

  World() {
    startup.settings = *Settings::merge({});
    startup.upstream = *store::Url::parse("redis://app:hush@h:7000/3");
    startup.migration = test::two_rules();
    startup.rules = std::make_shared<const transforms::RuleSet>(*startup.migration);
    startup.mode = migration::Mode::to_new;
    startup.run = startup.migration->name;
    startup.name = "pod-1";
    for (proxy::EngineCounters* worker : {&one, &two}) {
      auto* get = new proxy::CommandCounters;
      get->by_route[0].add(5);
      get->by_route[2].add(1);
      get->duration.buckets[0].add(6);
      get->duration.micros.add(600);
      worker->own.add(70);
      worker->moves.add(80);
      worker->rules[0].conflicts.add(1);
      worker->commands[id("GET")].store(get);
      worker->rules[1].moved.add(4);
      worker->refused.add(1);
      worker->count_refusal(0, static_cast<std::int32_t>(id("SORT")), "pattern");
    }
    one.sessions_opened.add(7);
    two.count_refusal(-1, -1, "unknown");
  }

  std::size_t id(BytesView name) const { return table.find(std::vector<BytesView>{name})->id; }

  ProxyView view() const {
    auto serving = std::make_shared<control::Serving>(*serving_of(startup));
    serving->change.id = {7, 1};
    serving->change.runs.push_back({"a1", "users-v2", "ab12", control::Phase::migrate, control::Wanted::nothing, {}});
    ProxyView out{startup, table, {}, {&one, &two}, {}, serving, ControlCounts{0.25, 3}, 12.5, 3};
    out.snapshot.listening = true;
    out.snapshot.listeners = {"127.0.0.1:6379"};
    driver::SweepProgress& sweep = out.sweeps.emplace_back(startup.run, driver::SweepProgress()).progress;
    sweep.state = migration::SweepState::sweeping;
    sweep.by_rule.resize(2);
    sweep.by_rule[1].moved = 9;
    sweep.by_rule[0].conflicts = 3;
    sweep.remaining_by_rule = {-1, 41.6};
    sweep.moved_before = std::chrono::steady_clock::now();
    sweep.throttled_seconds.assign(migration::kWaitReasons, 0.5);
    sweep.conflicts = {"session: a (kept new)"};
    return out;
  }
};

/// Paths of all leaves, lists as [].
void paths(const json& value, const std::string& at, std::set<std::string>& out) {
  if (value.is_object() && at != "sweep.throttled_seconds" && at != "runs[].sweep") {
    for (const auto& [name, child] : value.items()) paths(child, at.empty() ? name : at + "." + name, out);
  } else if (value.is_array() && !value.empty() && value.front().is_object()) {
    for (const json& child : value) paths(child, at + "[]", out);
  } else {
    out.insert(at);
  }
}

}  // namespace

TEST_CASE("the status document has the fields of its list, no more and no fewer") {
  const World world;
  std::set<std::string> there, listed;
  paths(status_document(world.view()), "", there);
  for (const StatusField& field : status_fields()) listed.insert(std::string(field.path));
  CHECK(there == listed);
}

TEST_CASE("the status adds workers up, splits moves by rule and never shows a password") {
  const World world;
  const json status = status_document(world.view());
  CHECK(status["commands"]["total"] == 12);
  CHECK(status["commands"]["forward"] == 10);
  CHECK(status["commands"]["ensure"] == 2);
  CHECK(status["commands"]["mean_seconds"].get<double>() == doctest::Approx(0.0001));
  CHECK(status["rules"][0]["moved_by_commands"] == 0);
  CHECK(status["rules"][1]["moved_by_commands"] == 8);
  CHECK(status["rules"][1]["swept"] == 9);
  CHECK(status["failures"]["refusals"][0] ==
        json{{"rule", "profile"}, {"command", "SORT"}, {"reason", "pattern"}, {"count", 2}});
  CHECK(status["failures"]["refusals"][1]["rule"] == "");
  CHECK(status.dump().find("hush") == std::string::npos);
}

TEST_CASE("the report says of a proxy what gates ask for, and can be read again") {
  const World world;
  const json report = report_document(world.view(), UnixMillis(milliseconds(1700000000123)));
  const auto read = control::read_proxy_report(report.dump());
  REQUIRE(read);
  CHECK(read->view == "old");
  CHECK(read->epoch == 7);
  CHECK(read->records == "served");
  CHECK(read->version == KEYSHIFT_VERSION);
  CHECK(read->written_ms == 1700000000123);
  CHECK(report["commands"]["total"] == 12);
  CHECK(report["failures"]["refusals"][0]["command"] == "SORT");
  CHECK(report.dump().find("hush") == std::string::npos);
}

TEST_CASE("without a migration there is none in the status, and no sweep") {
  World world;
  world.startup.migration.reset();
  world.startup.rules.reset();
  ProxyView view = world.view();
  view.sweeps.clear();
  const json status = status_document(view);
  CHECK(status["migration"].is_null());
  CHECK(status["sweep"].is_null());
  CHECK(status["rules"].empty());
  CHECK(status_text(status).find("migration -") != std::string::npos);
}

TEST_CASE("metrics name commands, routes, rules and reasons") {
  const World world;
  observe::MetricsSink sink;
  collect_metrics(world.view(), sink);
  const std::string text = sink.text();
  for (const char* line :
       {"keyshift_commands_total{command=\"GET\",route=\"forward\"} 10", "keyshift_clients_accepted_total 7",
        "keyshift_mode{migration=\"users-v2\",mode=\"to-new\"} 1",
        "keyshift_mode{migration=\"users-v2\",mode=\"old\"} 0",
        "keyshift_moves_total{migration=\"users-v2\",rule=\"session\",direction=\"up\",trigger=\"command\",result="
        "\"moved\"} 8",
        "keyshift_moves_total{migration=\"users-v2\",rule=\"session\",direction=\"up\",trigger=\"sweep\",result="
        "\"moved\"} 9",
        "keyshift_refused_commands_total{rule=\"profile\",command=\"SORT\",reason=\"pattern\"} 2",
        "keyshift_sweep_state{migration=\"users-v2\",state=\"sweeping\"} 1",
        "keyshift_sweep_throttled_seconds_total{migration=\"users-v2\",reason=\"latency\"} 0.5",
        "keyshift_command_duration_seconds_count 12", "keyshift_upstream_duration_seconds_count 14",
        "keyshift_move_duration_seconds_count 2", "keyshift_conflicts_total{migration=\"users-v2\",rule=\"profile\"} 5",
        "keyshift_records_remaining{migration=\"users-v2\",rule=\"session\"} 41.6"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("what remains is not shown before it can be estimated") {
  const World world;
  observe::MetricsSink sink;
  collect_metrics(world.view(), sink);
  CHECK(sink.text().find("keyshift_records_remaining{migration=\"users-v2\",rule=\"profile\"}") == std::string::npos);
  const json status = status_document(world.view());
  CHECK(status["rules"][0]["remaining"].is_null());
  CHECK(status["rules"][1]["remaining"] == 42);
}

TEST_CASE("every metric of the list is one that a proxy with a sweep shows") {
  const World world;
  observe::MetricsSink sink;
  collect_metrics(world.view(), sink);
  const std::string text = sink.text();
  for (const observe::MetricRow& row : observe::metrics()) {
    CAPTURE(row.name);
    // Shown only when there is something left out.
    if (row.metric != observe::Metric::series_left_out)
      CHECK(text.find("# TYPE " + std::string(row.name) + " ") != std::string::npos);
  }
}

TEST_CASE("metrics say which epoch and phase a proxy acts on") {
  const World world;
  observe::MetricsSink sink;
  collect_metrics(world.view(), sink);
  const std::string text = sink.text();
  for (const char* line : {"keyshift_epoch 7\n", "keyshift_phase{migration=\"users-v2\",phase=\"migrate\"} 1\n",
                           "keyshift_phase{migration=\"users-v2\",phase=\"cutover\"} 0\n",
                           "keyshift_control_age_seconds 0.25\n", "keyshift_stale_connections_killed_total 3\n"})
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
}

TEST_CASE("commands that a worker has learnt count under one name") {
  World world;
  auto* learnt = new proxy::CommandCounters;
  learnt->by_route[0].add(3);
  world.one.commands[proxy::kMaxCommands - 1].store(learnt);
  observe::MetricsSink sink;
  collect_metrics(world.view(), sink);
  CHECK(sink.text().find("keyshift_commands_total{command=\"learnt\",route=\"forward\"} 3") != std::string::npos);
}

TEST_CASE("the status for people takes a document of any shape") {
  for (const json& odd : {json(nullptr), json::array({1}), json{{"rules", 5}, {"sweep", {{"pass_estimate", "x"}}}},
                          json{{"rules", json::array({1, nullptr})}, {"mode", "a\nb\x1b[2J"}}}) {
    for (const std::string& text : {status_text(odd), status_line(odd), sweep_line(odd)})
      CHECK(text.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("the line for a pipe is one line") {
  const World world;
  const std::string line = status_line(status_document(world.view()));
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find("mode=to-new ready=yes") == 0);
  CHECK(line.find("sweep=sweeping") != std::string::npos);
}
