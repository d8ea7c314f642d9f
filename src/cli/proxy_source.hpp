#pragma once
#include <atomic>
#include <functional>

#include "cli/proxy_view.hpp"
#include "driver/sweeper.hpp"
#include "observe/log.hpp"
#include "proxy/admin/admin_source.hpp"

namespace keyshift::cli {

/// Shows a running proxy and its sweeper over HTTP. All references outlive it; `sweeper` may be null.
class ProxySource final : public proxy::AdminSource {
 public:
  ProxySource(const Startup& startup, const proxy::Proxy& proxy, const driver::Sweeper* sweeper, observe::Log& log,
              std::function<void()> drain);

  [[nodiscard]] bool ready() const override;
  [[nodiscard]] nlohmann::json status() const override;
  [[nodiscard]] std::string metrics() const override;
  [[nodiscard]] Result<nlohmann::json> explain(std::string_view command) const override;
  [[nodiscard]] nlohmann::json config() const override;
  void set_log_level(Severity least) override;
  void drain() override;

  /// One look at everything; from any thread.
  [[nodiscard]] ProxyView view() const;
  /// To be called every few seconds from one thread: keeps the rate and logs what has changed for the worse.
  void tick(Time now);

 private:
  void log_failures(const ProxyTotals& totals);
  void log_sweep();

  const Startup& startup_;
  const proxy::Proxy& proxy_;
  const driver::Sweeper* sweeper_;
  observe::Log& log_;
  std::function<void()> drain_;
  Time started_;
  std::atomic<double> per_second_{0};
  // The thread that ticks.
  Time ticked_;
  ProxyTotals seen_;
  migration::SweepState sweep_state_ = migration::SweepState::starting;
  migration::WaitReason sweep_waits_ = migration::WaitReason::none;
  // The admin server's thread.
  observe::RateLimit requests_{5};
};

}  // namespace keyshift::cli
