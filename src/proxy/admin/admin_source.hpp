#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/errors.hpp"
#include "base/result.hpp"

namespace keyshift::proxy {

/// What the admin server shows and does: implemented by whoever builds the process. All calls come from the admin
/// server's one thread, while others work: an implementation takes copies and never waits for the network.
class AdminSource {
 public:
  virtual ~AdminSource() = default;

  /// Listeners bound, not draining. A sick Redis never makes it false.
  [[nodiscard]] virtual bool ready() const = 0;
  /// The document of docs/cli.md, "Status document".
  [[nodiscard]] virtual nlohmann::json status() const = 0;
  /// Prometheus' text format.
  [[nodiscard]] virtual std::string metrics() const = 0;
  /// What would happen to `command`, a line as typed into redis-cli. Error `usage` when it is not a command line.
  [[nodiscard]] virtual Result<nlohmann::json> explain(std::string_view command) const = 0;
  /// The settings in force; no secrets.
  [[nodiscard]] virtual nlohmann::json config() const = 0;
  virtual void set_log_level(Severity least) = 0;
  /// Asks for the drain and returns at once. Idempotent.
  virtual void drain() = 0;
};

}  // namespace keyshift::proxy
