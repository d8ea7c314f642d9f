#pragma once
#include <span>
#include <string>
#include <string_view>

#include "proxy/admin/admin_source.hpp"

namespace keyshift::proxy {

/// Which port a request came in at. `health` is open to all and has only what probes and Prometheus need.
enum class AdminPort : std::uint8_t { admin, health };

/// An HTTP request as far as the routes look at it. The views live as long as the request.
struct AdminRequest {
  std::string_view method;  ///< "GET"
  std::string_view target;  ///< "/explain?command=GET%20a"
  std::string_view host;    ///< of the Host header; empty: none
  std::string_view authorization;
  std::string_view body;
};

struct AdminResponse {
  unsigned status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string_view allow;  ///< for 405: what the path takes
};

/// One path of the admin interface: the one list, from which the routes and docs/cli.md come.
struct AdminRoute {
  std::string_view path;
  std::string_view method;  ///< GET routes answer HEAD, too
  bool on_health_port;
  bool needs_token;
  std::string_view meaning;
  AdminResponse (*answer)(AdminSource& source, const AdminRequest& request);
};
std::span<const AdminRoute> admin_routes() noexcept;

/// The answer to `request`: a pure function but for what `source` does. An empty `token` means that there is none:
/// what needs one is then refused. On the admin port a Host that is a foreign name is refused, so that no web page can
/// reach through a browser what listens on loopback.
AdminResponse answer(AdminSource& source, AdminPort port, std::string_view token, const AdminRequest& request);

/// "%41+b" -> "A b". A broken escape stays as it is.
std::string percent_decoded(std::string_view text);
/// The value of `name` in the query of `target`, decoded; empty when it is not there.
std::string query_value(std::string_view target, std::string_view name);

}  // namespace keyshift::proxy
