#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::control {

/// What a proxy says of itself beside the record (migration::report_name()), as far as gates and people look at it.
/// Nothing that a proxy does depends on it.
struct ProxyReport {
  std::string version;          ///< of Keyshift
  std::string view;             ///< "old" or "new": the names that its apps use
  std::uint64_t epoch = 0;      ///< of the change that it acts on
  std::string records;          ///< served, held or refused
  std::uint64_t clients = 0;    ///< connected when it was written
  std::int64_t written_ms = 0;  ///< milliseconds since 1970, by the proxy's clock
  bool operator==(const ProxyReport&) const = default;
};

/// JSON, as ProxySource::report() of a proxy writes it; none: not readable, or of another format.
std::optional<ProxyReport> read_proxy_report(BytesView text);

/// The names of the processes that serve clients, out of a reply to CLIENT LIST: sorted, each once. Operators and
/// drivers, which have control connections alone, are not among them.
std::vector<std::string> proxies_of(std::string_view clients);

/// Proxies whose apps use the names of before, or that do not say (`reports`: in the order of `proxies`, none where
/// there is none): for people, a line each.
std::vector<std::string> with_old_view(const std::vector<std::string>& proxies,
                                       const std::vector<std::optional<ProxyReport>>& reports);

}  // namespace keyshift::control
