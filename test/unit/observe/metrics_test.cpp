#include "observe/metrics.hpp"

#include <doctest/doctest.h>

#include <array>
#include <set>

#include "golden/cli/page.hpp"

using namespace keyshift::observe;

namespace {
bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("samples of several workers with the same labels are one sample") {
  MetricsSink sink;
  sink.add(Metric::commands, std::uint64_t{3}, {"GET", "forward"});
  sink.add(Metric::commands, std::uint64_t{4}, {"GET", "forward"});
  sink.add(Metric::commands, std::uint64_t{1}, {"SET", "ensure"});
  const std::string text = sink.text();
  CHECK(contains(text, "keyshift_commands_total{command=\"GET\",route=\"forward\"} 7"));
  CHECK(contains(text, "keyshift_commands_total{command=\"SET\",route=\"ensure\"} 1"));
  CHECK(contains(text, "# TYPE keyshift_commands_total counter"));
  CHECK_FALSE(contains(text, "keyshift_moves_total"));
}

TEST_CASE("a histogram is exposed cumulatively, with its sum and count") {
  MetricsSink sink;
  const std::array bounds{0.001, 0.01};
  sink.add_histogram(Metric::command_duration, bounds, std::array<std::uint64_t, 3>{1, 2, 3}, 0.5);
  sink.add_histogram(Metric::command_duration, bounds, std::array<std::uint64_t, 3>{1, 0, 0}, 0.25);
  const std::string text = sink.text();
  CHECK(contains(text, "keyshift_command_duration_seconds_bucket{le=\"0.001\"} 2"));
  CHECK(contains(text, "keyshift_command_duration_seconds_bucket{le=\"0.01\"} 4"));
  CHECK(contains(text, "keyshift_command_duration_seconds_bucket{le=\"+Inf\"} 7"));
  CHECK(contains(text, "keyshift_command_duration_seconds_sum 0.75"));
  CHECK(contains(text, "keyshift_command_duration_seconds_count 7"));
}

TEST_CASE("label values that come from a peer cannot break the text") {
  MetricsSink sink;
  sink.add(Metric::commands, std::uint64_t{1}, {"A\"B\n", "forward"});
  CHECK(contains(sink.text(), R"({command="A\"B\n",route="forward"} 1)"));
}

TEST_CASE("a metric has a bounded number of label combinations, and what is beyond is counted, not lost") {
  MetricsSink sink;
  const std::size_t many = MetricsSink::max_series + 50;
  for (std::size_t i = 0; i < many; ++i) sink.add(Metric::commands, std::uint64_t{2}, {std::to_string(i), "forward"});
  const std::string text = sink.text();
  CHECK(contains(text, "keyshift_commands_total{command=\"other\",route=\"other\"} 100"));
  CHECK(contains(text, "keyshift_metric_series_left_out{metric=\"keyshift_commands_total\"} 50"));
}

TEST_CASE("names of metrics follow Prometheus' habits and are there once") {
  std::set<std::string_view> names;
  for (const MetricRow& row : metrics()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(row.name.starts_with("keyshift_"));
    CHECK(row.name.ends_with("_total") == (row.type == MetricType::counter));
    CHECK(&metric_row(row.metric) == &row);
  }
}

TEST_CASE("docs/metrics.md is the list of metrics") {
  CHECK_MESSAGE(keyshift::test::page_is("docs/metrics.md", metrics_markdown()),
                "run this program with KEYSHIFT_WRITE_DOCS=1 and commit the page");
}
