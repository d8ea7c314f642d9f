#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "observe/metric_list.hpp"

namespace keyshift::observe {

/// Takes the samples of one look at the metrics. Label values come in the order of the row's labels; as many as it has.
/// Samples of the same labels are added up (workers each have their own counters), gauges too.
class MetricsSink {
 public:
  /// Label combinations that one metric may have; what comes after them is added up as "other".
  static constexpr std::size_t max_series = 2000;

  MetricsSink();
  ~MetricsSink();
  MetricsSink(const MetricsSink&) = delete;
  MetricsSink& operator=(const MetricsSink&) = delete;

  /// A sample of a counter or gauge.
  void add(Metric metric, double value, std::initializer_list<std::string_view> labels = {});
  void add(Metric metric, std::uint64_t value, std::initializer_list<std::string_view> labels = {}) {
    add(metric, static_cast<double>(value), labels);
  }
  /// A histogram: `counts` per bucket, not cumulative; one more than `bounds` (in the unit of the metric, rising).
  /// Every call for one metric has the same bounds.
  void add_histogram(Metric metric, std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum);

  /// All that was added, in Prometheus' text format, metrics in the order of the list.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

/// Adds what one part of the program counts; called at each look, from the thread that serves it.
using Collector = std::function<void(MetricsSink&)>;

/// One look: all collectors, then the text.
std::string exposition(std::span<const Collector> collectors);

}  // namespace keyshift::observe
