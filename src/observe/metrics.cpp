#include "observe/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <vector>

#include "base/check.hpp"

namespace keyshift::observe {
namespace {

using LabelValues = std::vector<std::string>;

struct Buckets {
  std::vector<double> bounds;
  std::vector<std::uint64_t> counts;
  double sum = 0;
};

std::vector<std::string> label_names(const MetricRow& row) {
  std::vector<std::string> names;
  for (std::string_view rest = row.labels; !rest.empty();) {
    const auto comma = rest.find(',');
    names.emplace_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return names;
}

prometheus::ClientMetric sample(const MetricRow& row, const LabelValues& values, double value) {
  prometheus::ClientMetric out;
  const auto names = label_names(row);
  for (std::size_t i = 0; i < names.size(); ++i) out.label.push_back({names[i], values[i]});
  if (row.type == MetricType::counter) out.counter.value = value;
  if (row.type == MetricType::gauge) out.gauge.value = value;
  return out;
}

prometheus::ClientMetric sample(const Buckets& buckets) {
  prometheus::ClientMetric out;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < buckets.bounds.size(); ++i)
    out.histogram.bucket.push_back({so_far += buckets.counts[i], buckets.bounds[i]});
  // The serializer writes the bucket without a bound itself.
  out.histogram.sample_count = so_far + buckets.counts.back();
  out.histogram.sample_sum = buckets.sum;
  return out;
}

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return prometheus::MetricType::Counter;
    case MetricType::gauge:
      return prometheus::MetricType::Gauge;
    case MetricType::histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

struct MetricsSink::Families {
  std::map<Metric, std::map<LabelValues, double>> numbers;
  std::map<Metric, Buckets> histograms;
  std::map<Metric, std::uint64_t> left_out;
};

MetricsSink::MetricsSink() : families_(std::make_unique<Families>()) {}
MetricsSink::~MetricsSink() = default;

void MetricsSink::add(Metric metric, double value, std::initializer_list<std::string_view> labels) {
  KS_CHECK(label_names(metric_row(metric)).size() == labels.size(), "a sample has the labels of its row");
  auto& series = families_->numbers[metric];
  LabelValues values(labels.begin(), labels.end());
  if (series.size() >= max_series && !series.contains(values)) {
    ++families_->left_out[metric];
    values.assign(labels.size(), "other");
  }
  series[std::move(values)] += value;
}

void MetricsSink::add_histogram(Metric metric, std::span<const double> bounds, std::span<const std::uint64_t> counts,
                                double sum) {
  KS_CHECK(counts.size() == bounds.size() + 1, "a histogram has one bucket more than bounds");
  Buckets& buckets = families_->histograms[metric];
  if (buckets.counts.empty()) {
    buckets.bounds.assign(bounds.begin(), bounds.end());
    buckets.counts.assign(counts.size(), 0);
  }
  KS_CHECK(buckets.counts.size() == counts.size(), "a histogram keeps its bounds");
  for (std::size_t i = 0; i < counts.size(); ++i) buckets.counts[i] += counts[i];
  buckets.sum += sum;
}

std::string MetricsSink::text() const {
  std::vector<prometheus::MetricFamily> out;
  for (const MetricRow& row : metrics()) {
    prometheus::MetricFamily family{std::string(row.name), std::string(row.help), type_of(row.type), {}};
    if (const auto found = families_->numbers.find(row.metric); found != families_->numbers.end())
      for (const auto& [values, value] : found->second) family.metric.push_back(sample(row, values, value));
    if (const auto found = families_->histograms.find(row.metric); found != families_->histograms.end())
      family.metric.push_back(sample(found->second));
    if (row.metric == Metric::series_left_out)
      for (const auto& [metric, count] : families_->left_out)
        family.metric.push_back(sample(row, {std::string(metric_row(metric).name)}, static_cast<double>(count)));
    if (!family.metric.empty()) out.push_back(std::move(family));
  }
  return prometheus::TextSerializer().prometheus::Serializer::Serialize(out);
}

std::string exposition(std::span<const Collector> collectors) {
  MetricsSink sink;
  for (const Collector& collect : collectors) collect(sink);
  return sink.text();
}

}  // namespace keyshift::observe
