#include "proxy/admin/routes.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include "observe/log.hpp"
#include "proxy/admin/page.hpp"

namespace keyshift::proxy {
namespace {

AdminResponse text(unsigned status, std::string body) {
  AdminResponse out;
  out.status = status;
  out.body = std::move(body) + "\n";
  return out;
}

AdminResponse json(const nlohmann::json& document) {
  AdminResponse out;
  out.content_type = "application/json";
  // Names of keys are bytes: what is no UTF-8 is replaced instead of failing the whole document.
  out.body = document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return out;
}

AdminResponse page(AdminSource& source, const AdminRequest&) {
  AdminResponse out;
  out.content_type = "text/html; charset=utf-8";
  out.body = status_page(source.status());
  return out;
}

AdminResponse healthz(AdminSource&, const AdminRequest&) { return text(200, "ok"); }

AdminResponse readyz(AdminSource& source, const AdminRequest&) {
  return source.ready() ? text(200, "ready") : text(503, "not ready: it is starting or draining");
}

AdminResponse metrics(AdminSource& source, const AdminRequest&) {
  AdminResponse out;
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.body = source.metrics();
  return out;
}

AdminResponse status(AdminSource& source, const AdminRequest&) { return json(source.status()); }

AdminResponse config(AdminSource& source, const AdminRequest&) { return json(source.config()); }

AdminResponse explain(AdminSource& source, const AdminRequest& request) {
  const std::string command = query_value(request.target, "command");
  if (command.empty()) return text(400, "say which command: /explain?command=GET%20user:1");
  const auto explained = source.explain(command);
  return explained ? json(*explained) : text(400, explained.error().what);
}

AdminResponse log_level(AdminSource& source, const AdminRequest& request) {
  std::string_view wanted = request.body;
  while (!wanted.empty() && (wanted.back() == '\n' || wanted.back() == '\r' || wanted.back() == ' '))
    wanted.remove_suffix(1);
  const auto level = observe::severity_of(wanted);
  if (!level) return text(400, "the body is one word: debug, info, warning or error");
  source.set_log_level(*level);
  return text(200, "log level is " + std::string(observe::name(*level)));
}

AdminResponse drain(AdminSource& source, const AdminRequest&) {
  source.drain();
  return text(202, "draining");
}

constexpr std::array<AdminRoute, 9> routes{{
    {"/", "GET", false, false, "a page for people", page},
    {"/healthz", "GET", true, false, "200 while the process lives", healthz},
    {"/readyz", "GET", true, false,
     "200 while it takes clients and has read the control record once, 503 before and while it drains", readyz},
    {"/metrics", "GET", true, false, "metrics in Prometheus' text format (docs/metrics.md)", metrics},
    {"/status", "GET", false, false, "the status document", status},
    {"/explain", "GET", false, false, "`?command=GET user:1`: what would happen to a command", explain},
    {"/config", "GET", false, false, "the settings in force and where each comes from; no secrets", config},
    {"/log-level", "POST", false, true, "body `debug`, `info`, `warning` or `error`: what the log shows from now on",
     log_level},
    {"/drain", "POST", false, true, "stop taking clients, answer what is in flight, end", drain},
}};

/// No early end: how long it takes tells nothing of the token but its length.
bool same_secret(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

AdminResponse unless_allowed(std::string_view token, const AdminRequest& request) {
  if (token.empty()) return text(403, "this changes state: start with --admin-token-file to allow it");
  constexpr std::string_view scheme = "Bearer ";
  if (request.authorization.starts_with(scheme) && same_secret(request.authorization.substr(scheme.size()), token))
    return text(200, "");
  return text(401, "this changes state: send the header Authorization: Bearer TOKEN");
}

bool local_host(std::string_view host) {
  if (host.empty()) return true;
  std::string_view bare = host;
  if (const auto colon = host.rfind(':');
      colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
    bare = host.substr(0, colon);
  if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
  if (equal_ignoring_case(bare, "localhost")) return true;
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(bare), error);
  return !error;
}

const AdminRoute* find_route(AdminPort port, std::string_view path) {
  const auto* found = std::find_if(routes.begin(), routes.end(), [&](const AdminRoute& r) { return r.path == path; });
  return found == routes.end() || (port == AdminPort::health && !found->on_health_port) ? nullptr : found;
}

}  // namespace

std::span<const AdminRoute> admin_routes() noexcept { return routes; }

AdminResponse answer(AdminSource& source, AdminPort port, std::string_view token, const AdminRequest& request) {
  if (port == AdminPort::admin && !local_host(request.host))
    return text(421, "the admin port answers to localhost and to addresses, not to other names");
  const AdminRoute* route = find_route(port, request.target.substr(0, request.target.find('?')));
  if (route == nullptr) return text(404, "there is nothing here");
  if (request.method != route->method && !(request.method == "HEAD" && route->method == "GET")) {
    AdminResponse out = text(405, "this path takes " + std::string(route->method));
    out.allow = route->method == "GET" ? "GET, HEAD" : route->method;
    return out;
  }
  if (route->needs_token)
    if (AdminResponse refusal = unless_allowed(token, request); refusal.status != 200) return refusal;
  return route->answer(source, request);
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string query_value(std::string_view target, std::string_view name) {
  const auto question = target.find('?');
  std::string_view rest = question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return percent_decoded(pair.substr(name.size() + 1));
  }
  return {};
}

}  // namespace keyshift::proxy
