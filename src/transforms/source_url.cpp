#include "transforms/source_url.hpp"

#include <array>
#include <charconv>

namespace keyshift::transforms {

namespace {

struct Scheme {
  std::string_view prefix;
  SourceUrl::Kind kind;
};

constexpr std::array kSchemes{
    Scheme{"redis://", SourceUrl::Kind::tcp},
    Scheme{"rediss://", SourceUrl::Kind::tcp},
    Scheme{"unix://", SourceUrl::Kind::unix_socket},
    Scheme{"redis+sentinel://", SourceUrl::Kind::sentinel},
    Scheme{"redis+cluster://", SourceUrl::Kind::cluster},
};

/// The database as it stands in the text: behind the last '/' of the path, or in ?db= of a socket. Empty: none.
std::string_view database_text(SourceUrl::Kind kind, std::string_view path, std::string_view query) {
  if (kind == SourceUrl::Kind::cluster) return {};
  if (kind == SourceUrl::Kind::unix_socket) {
    const std::size_t at = query.starts_with("db=") ? 0 : query.find("&db=");
    if (at == std::string_view::npos) return {};
    query.remove_prefix(at == 0 ? 3 : at + 4);
    return query.substr(0, query.find('&'));
  }
  std::size_t slash = path.find('/');
  if (kind == SourceUrl::Kind::sentinel && slash != std::string_view::npos) slash = path.find('/', slash + 1);
  return slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
}

bool userinfo_has_password(std::string_view text, SourceUrl::Kind kind) {
  // A password may hold a '/', so the last '@' in front of the path cannot be told from one inside it: any '@' counts,
  // but for a socket, whose path begins with the first '/'.
  if (kind == SourceUrl::Kind::unix_socket) text = text.substr(0, text.find("@/") + 1);
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return false;
  const std::size_t colon = text.substr(0, at).find(':');
  return colon != std::string_view::npos && colon + 1 < at;
}

}  // namespace

std::optional<SourceUrl> read_source_url(std::string_view url) {
  const Scheme* scheme = nullptr;
  for (const Scheme& candidate : kSchemes) {
    if (url.starts_with(candidate.prefix)) scheme = &candidate;
  }
  if (scheme == nullptr) return std::nullopt;
  std::string_view path = url.substr(scheme->prefix.size());
  SourceUrl read{scheme->kind, userinfo_has_password(path, scheme->kind), 0};
  const std::size_t question = path.find('?');
  const std::string_view query = question == std::string_view::npos ? std::string_view{} : path.substr(question + 1);
  path = path.substr(0, question);
  const std::string_view digits = database_text(scheme->kind, path, query);
  if (read.has_password || digits.empty()) return read;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), read.database);
  if (problem != std::errc{} || end != digits.data() + digits.size() || read.database < 0) return std::nullopt;
  return read;
}

std::string source_schemes() {
  std::string list;
  for (const Scheme& scheme : kSchemes) list += (list.empty() ? "" : ", ") + std::string(scheme.prefix);
  return list;
}

int database_of(std::string_view url) {
  const std::optional<SourceUrl> read = read_source_url(url);
  return read ? read->database : 0;
}

}  // namespace keyshift::transforms
