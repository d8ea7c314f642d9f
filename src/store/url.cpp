#include "store/url.hpp"

#include <array>
#include <charconv>
#include <fstream>

namespace keyshift::store {
namespace {

struct Scheme {
  std::string_view prefix;
  Url::Kind kind;
  bool tls;
};
constexpr std::array schemes{
    Scheme{"redis://", Url::Kind::tcp, false},
    Scheme{"rediss://", Url::Kind::tcp, true},
    Scheme{"unix://", Url::Kind::unix_socket, false},
    Scheme{"redis+sentinel://", Url::Kind::sentinel, false},
    Scheme{"redis+cluster://", Url::Kind::cluster, false},
};

Error wrong(std::string what) { return fail(ErrorCode::usage, "invalid Redis URL: " + std::move(what)); }

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return wrong("a % is not followed by two hex digits (a literal % is written %25)");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

template <class Number>
std::optional<Number> number(std::string_view text, Number low, Number high) {
  Number value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
  return value;
}

/// The text in front of the first `mark`, which is removed from `text` together with it; all of it without one.
std::string_view cut(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text = at == text.npos ? std::string_view() : text.substr(at + 1);
  return head;
}

Result<void> read_credentials(std::string_view text, Url& url) {
  const auto colon = text.find(':');
  if (colon == text.npos)
    return wrong("there is no ':' in front of '@' (write user:password@, :password@ for the default user, or user:@)");
  auto user = decoded(text.substr(0, colon));
  if (!user) return user.error();
  auto password = decoded(text.substr(colon + 1));
  if (!password) return password.error();
  url.user = std::move(user).value();
  url.password = std::move(password).value();
  return {};
}

Result<Address> read_address(std::string_view text, std::uint16_t standard_port) {
  Address address{{}, standard_port};
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return wrong("the '[' of an IPv6 address is not closed");
    address.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    if (address.host.find(':') == std::string::npos) return wrong("what is in brackets is no IPv6 address");
    if (!rest.empty() && rest[0] != ':') return wrong("only :port may follow the ']' of an IPv6 address");
  } else {
    const auto colon = text.find(':');
    address.host = text.substr(0, colon);
    rest = colon == text.npos ? std::string_view() : text.substr(colon);
    if (rest.find(':', 1) != rest.npos) return wrong("too many ':' in the host (an IPv6 address goes in [brackets])");
  }
  if (address.host.empty()) return wrong("the host is missing");
  if (address.host.find_first_of(" \t%<>\"\\^`{|}") != std::string::npos)
    return wrong("the host has an invalid character");
  if (rest.empty()) return address;
  const auto port = number<unsigned>(rest.substr(1), 1, 65535);
  if (!port)
    return wrong("the port is not a number from 1 to 65535 (is a '/' or '@' of the password written as it is?)");
  address.port = static_cast<std::uint16_t>(*port);
  return address;
}

Result<void> read_addresses(std::string_view text, Url& url) {
  const bool many = url.kind == Url::Kind::sentinel || url.kind == Url::Kind::cluster;
  if (!many && text.find(',') != text.npos) return wrong("several hosts need redis+sentinel:// or redis+cluster://");
  do {
    auto address = read_address(cut(text, ','), url.kind == Url::Kind::sentinel ? 26379 : 6379);
    if (!address) return address.error();
    url.addresses.push_back(std::move(address).value());
  } while (!text.empty());
  return {};
}

Result<void> read_database(std::string_view text, Url& url) {
  if (text.empty()) return {};
  const auto database = number<int>(text, 0, 0x7fffffff);
  if (!database) return wrong("the database is not a number from 0 on");
  url.database = *database;
  return {};
}

/// What stands behind the first '/' of the path, which is not part of `text`.
Result<void> read_path(std::string_view text, Url& url) {
  if (url.kind == Url::Kind::cluster && !text.empty())
    return wrong("a Cluster has database 0 alone, so nothing follows the hosts");
  if (url.kind != Url::Kind::sentinel) return read_database(text, url);
  auto name = decoded(cut(text, '/'));
  if (!name) return name.error();
  if (name->empty()) return wrong("the name of the master is missing (redis+sentinel://host:port/master-name/db)");
  url.master_name = std::move(name).value();
  return read_database(text, url);
}

Result<void> read_parameter(std::string_view name, std::string value, Url& url) {
  if (url.kind == Url::Kind::unix_socket && name == "db") return read_database(value, url);
  if (url.tls) {
    if (name == "ca") return url.tls->ca = std::move(value), Result<void>();
    if (name == "cert") return url.tls->cert = std::move(value), Result<void>();
    if (name == "key") return url.tls->key = std::move(value), Result<void>();
    if (name == "sni") return url.tls->sni = std::move(value), Result<void>();
  }
  return wrong("unknown parameter behind '?' (known are db for unix://, and ca, cert, key and sni for rediss://)");
}

Result<void> read_query(std::string_view text, Url& url) {
  while (!text.empty()) {
    auto parameter = cut(text, '&');
    const auto name = cut(parameter, '=');
    auto value = decoded(parameter);
    if (!value) return value.error();
    if (auto done = read_parameter(name, std::move(value).value(), url); !done) return done;
  }
  if (url.tls && url.tls->cert.empty() != url.tls->key.empty()) return wrong("cert and key go together");
  return {};
}

Result<void> read_unix(std::string_view text, Url& url) {
  auto path = decoded(text);
  if (!path) return path.error();
  if (!path->starts_with('/')) return wrong("the path of a unix socket begins with '/' (unix:///run/redis.sock)");
  if (path->find('\0') != std::string::npos) return wrong("the path of a unix socket has a NUL byte");
  url.path = std::move(path).value();
  return {};
}

std::string printed_address(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

void append_parameter(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += out.find('?') == std::string::npos ? '?' : '&';
  out.append(name).append("=").append(value);
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  Url url;
  const Scheme* scheme = nullptr;
  for (const Scheme& s : schemes)
    if (text.starts_with(s.prefix)) scheme = &s;
  if (!scheme) return wrong("it begins with none of redis:// rediss:// unix:// redis+sentinel:// redis+cluster://");
  url.kind = scheme->kind;
  if (scheme->tls) url.tls.emplace();
  text.remove_prefix(scheme->prefix.size());

  std::string_view before_query = cut(text, '?');
  if (before_query.find('#') != before_query.npos) return wrong("a '#' must be written %23");
  // The last '@' in front of the path, so that a password may hold one; a socket's path may hold '@' itself.
  const auto at = before_query.substr(0, before_query.find('/')).rfind('@');
  if (at != before_query.npos) {
    if (auto done = read_credentials(before_query.substr(0, at), url); !done) return done.error();
    before_query.remove_prefix(at + 1);
  }
  if (url.kind == Kind::unix_socket) {
    if (auto done = read_unix(before_query, url); !done) return done.error();
  } else {
    if (auto done = read_addresses(cut(before_query, '/'), url); !done) return done.error();
    if (auto done = read_path(before_query, url); !done) return done.error();
  }
  if (auto done = read_query(text, url); !done) return done.error();
  return url;
}

std::string Url::printed() const {
  std::string out;
  for (const Scheme& s : schemes)
    if (s.kind == kind && s.tls == tls.has_value()) out = s.prefix;
  if (!user.empty() || !password.empty()) out += user + ":" + (password.empty() ? "" : "***") + "@";
  if (kind == Kind::unix_socket) {
    out += path;
    if (database != 0) append_parameter(out, "db", std::to_string(database));
    return out;
  }
  for (std::size_t i = 0; i < addresses.size(); ++i) out += (i ? "," : "") + printed_address(addresses[i]);
  if (kind == Kind::sentinel) out += "/" + master_name;
  if (kind != Kind::cluster) out += "/" + std::to_string(database);
  if (!tls) return out;
  append_parameter(out, "ca", tls->ca);
  append_parameter(out, "cert", tls->cert);
  append_parameter(out, "key", tls->key);
  append_parameter(out, "sni", tls->sni);
  return out;
}

Result<Url> read_secret_url(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) return fail(ErrorCode::system, "cannot read a Redis URL from " + file);
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos)
    return fail(ErrorCode::system, "the first line of " + file + " is empty; a Redis URL belongs there");
  line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
  auto url = Url::parse(line);
  if (!url) return fail(ErrorCode::usage, url.error().what + ", in " + file);
  return url;
}

Error password_in_argv(std::string_view option) {
  return fail(ErrorCode::usage,
              std::string(option) +
                  " with a password would show it to everybody on this machine (put the URL into a file and "
                  "name that with " +
                  std::string(option) + "-file or KEYSHIFT_UPSTREAM_FILE)");
}

}  // namespace keyshift::store
