#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace keyshift::store {

/// Where a server listens. `host` is a name or a numeric address, an IPv6 one without its brackets.
struct Address {
  std::string host;
  std::uint16_t port = 6379;
  bool operator==(const Address&) const = default;
};

/// What a rediss:// URL says beyond the address: paths of PEM files and the server name to ask for. Empty: not given.
struct TlsSettings {
  std::string ca, cert, key, sni;
  bool operator==(const TlsSettings&) const = default;
};

/// A Redis URL, read completely. Plain data: who holds it decides whether the kind is served.
///
///     redis://[user:pass@]host[:port][/db]                  rediss://... (TLS; ?ca=&cert=&key=&sni=)
///     unix://[user:pass@]/path[?db=N]                       redis+cluster://[user:pass@]h1:p,h2:p
///     redis+sentinel://[user:pass@]h1:p,h2:p/master-name[/db]
///
/// User, password, path and query are percent-decoded; hosts in brackets are IPv6.
struct Url {
  enum class Kind : std::uint8_t { tcp, unix_socket, sentinel, cluster };

  Kind kind = Kind::tcp;
  std::vector<Address> addresses;  ///< one for tcp; one or more for sentinel and cluster; none for unix_socket
  std::string path;                ///< unix_socket only
  std::string master_name;         ///< sentinel only
  std::optional<TlsSettings> tls;  ///< set for rediss:// alone
  std::string user;                ///< empty: the default user
  std::string password;            ///< empty: none. Never print it; print printed().
  int database = 0;

  /// Reads `text`. The error (usage) quotes nothing of the text, since any part of it may belong to a password.
  static Result<Url> parse(std::string_view text);

  /// The URL for logs, status and errors: complete, with *** in place of a password.
  [[nodiscard]] std::string printed() const;

  /// True when the text carried a password: such a URL is refused in argv and in custom resources.
  [[nodiscard]] bool carries_password() const noexcept { return !password.empty(); }
};

/// Reads the URL that is the first line of `file` (--upstream-file, KEYSHIFT_UPSTREAM_FILE), white space around it
/// dropped. Error `system` when the file cannot be read, else as Url::parse; neither shows what the file holds.
Result<Url> read_secret_url(const std::string& file);

/// The error (usage) for a URL with a password on the command line: says where to put it instead.
Error password_in_argv(std::string_view option);

}  // namespace keyshift::store
