#pragma once
#include <functional>
#include <map>

#include "cli/proxy_view.hpp"
#include "driver/sweeper.hpp"
#include "observe/log.hpp"
#include "proxy/admin/admin_source.hpp"

namespace keyshift::cli {

/// What changes while a proxy runs, asked from any thread.
struct ProxyNow {
  std::function<std::shared_ptr<const control::Serving>()> serving;  ///< never null
  std::function<std::vector<driver::RunSweep>()> sweeps;             ///< none: nothing is swept here
  std::function<std::optional<ControlCounts>()> following;           ///< none: nothing is followed
};

/// Shows a running proxy and its sweeper over HTTP. All references outlive it.
class ProxySource final : public proxy::AdminSource {
 public:
  ProxySource(const Startup& startup, const proxy::Proxy& proxy, ProxyNow now, observe::Log& log,
              std::function<void()> drain);

  [[nodiscard]] bool ready() const override;
  [[nodiscard]] nlohmann::json status() const override;
  [[nodiscard]] std::string metrics() const override;
  [[nodiscard]] Result<nlohmann::json> explain(std::string_view command) const override;
  [[nodiscard]] nlohmann::json config() const override;
  void set_log_level(Severity least) override;
  void drain() override;

  /// To be called now and then from one thread: logs what has changed for the worse. True when the proxy has worked
  /// since the last call, so that it is worth to look again soon.
  bool tick();

  /// What is left beside the control record, from any thread.
  [[nodiscard]] Bytes report() const;

 private:
  [[nodiscard]] ProxyView look() const;
  [[nodiscard]] ProxyView view() const;
  void keep_rate(const ProxyView& view) const;
  void log_failures(const ProxyTotals& totals);
  void log_sweep(const driver::RunSweep& sweep);

  const Startup& startup_;
  const proxy::Proxy& proxy_;
  ProxyNow now_;
  observe::Log& log_;
  std::function<void()> drain_;
  Time started_;
  // The thread that ticks.
  ProxyTotals seen_;
  struct SweepSeen {
    migration::SweepState state = migration::SweepState::starting;
    migration::WaitReason waits = migration::WaitReason::none;
  };
  std::map<std::string, SweepSeen> sweeps_seen_;  ///< by run
  // The admin server's thread.
  observe::RateLimit requests_{5};
  mutable double per_second_ = 0;
  mutable Time counted_at_;
  mutable std::uint64_t counted_ = 0;
};

}  // namespace keyshift::cli
