#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "proxy/admin/admin_source.hpp"

namespace keyshift::proxy {

/// Where the admin interface listens, ADDR:PORT or [ADDR6]:PORT with numeric addresses; empty: not at all.
struct AdminOptions {
  std::string admin = "127.0.0.1:9180";  ///< must be a loopback address
  std::string health = "0.0.0.0:9181";
  std::string token;                     ///< what changes state wants it; empty: nothing may
  Duration request_limit = seconds(10);  ///< a request, its answer, or an idle connection takes no longer
  std::size_t connections = 32;          ///< per port; one more ends the one that waited longest
};

/// The HTTP side of a process: a thread of its own with its own io_context. Headers are bounded at 8 KiB, bodies at
/// 4 KiB; what is no HTTP gets 400 and is closed.
class AdminServer {
 public:
  /// Binds and starts. `source` outlives the server. Error `usage` for an address that is none or not loopback,
  /// `system` when it cannot be bound.
  static Result<std::unique_ptr<AdminServer>> start(AdminOptions options, AdminSource& source);
  /// Closes everything and waits for the thread.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// As bound, admin first: with the port that the system chose for port 0.
  [[nodiscard]] const std::vector<std::string>& addresses() const noexcept;

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyshift::proxy
