#include "observe/metric_list.hpp"

#include <array>

namespace keyshift::observe {
namespace {
constexpr std::array rows{
#define X(id, name, type, labels, help) MetricRow{Metric::id, name, MetricType::type, labels, help},
    KEYSHIFT_METRICS(X)
#undef X
};
}  // namespace

std::span<const MetricRow> metrics() noexcept { return rows; }

const MetricRow& metric_row(Metric metric) noexcept { return rows[static_cast<std::size_t>(metric)]; }

std::string_view name(MetricType type) noexcept {
  constexpr std::string_view names[] = {"counter", "gauge", "histogram"};
  return names[static_cast<std::size_t>(type)];
}

std::string metrics_markdown() {
  std::string out =
      "# Metrics\n\n"
      "What `/metrics` shows, on the admin port and on the health port, in Prometheus' text format. Every process "
      "counts\n"
      "from 0. A counter that has no sample yet is left out. One metric has at most 2000 label combinations; what is\n"
      "beyond them is added up in one whose labels are all `other`.\n\n"
      "| name | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricRow& row : metrics()) {
    out.append("| `").append(row.name).append("` | ").append(name(row.type)).append(" | ");
    if (!row.labels.empty()) out.append("`").append(row.labels).append("`");
    out.append(" | ").append(row.help).append(" |\n");
  }
  return out;
}

}  // namespace keyshift::observe
