#include "proxy/engine/invalidations.hpp"

#include <algorithm>

#include "proxy/engine/reply_names.hpp"

namespace keyshift::proxy {
namespace {

/// The bytes that every key of the pattern begins with.
Bytes literal_prefix(const transforms::KeyPattern& pattern) {
  Bytes prefix;
  for (const transforms::Piece& piece : pattern.pieces()) {
    if (piece.capture) break;
    prefix += piece.literal;
  }
  return prefix;
}

bool one_begins_with_other(BytesView a, BytesView b) noexcept { return a.starts_with(b) || b.starts_with(a); }

/// Sorted, what begins with a prefix comes right behind it.
std::vector<Bytes> without_covered(std::vector<Bytes> prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<Bytes> kept;
  for (Bytes& prefix : prefixes)
    if (kept.empty() || !prefix.starts_with(kept.back())) kept.push_back(std::move(prefix));
  return kept;
}

}  // namespace

bool is_invalidation(const resp::Reply& reply) noexcept {
  const auto& parts = reply.elements;
  if (reply.type == '>' && parts.size() == 2) return parts[0].text == "invalidate";
  return reply.aggregate() && parts.size() == 3 && parts[0].text == "message" &&
         parts[1].text == "__redis__:invalidate";
}

void map_invalidation(std::span<const control::ServedDatabase> databases, migration::View view, resp::Reply& reply) {
  if (!is_invalidation(reply)) return;
  resp::Reply& keys = reply.elements.back();
  const std::vector<resp::Reply> stored = databases.size() > 1 ? keys.elements : std::vector<resp::Reply>();
  for (std::size_t i = 0; i < databases.size(); ++i) {
    const AppNames names(*databases[i].rules, view);
    if (i == 0) {
      map_names(commands::ReplyNames::array, names, keys);
      continue;
    }
    resp::Reply more = keys;
    more.elements = stored;
    map_names(commands::ReplyNames::array, names, more);
    for (std::size_t k = 0; k < stored.size(); ++k)
      if (more.elements[k].text != keys.elements[k].text) keys.elements.push_back(std::move(more.elements[k]));
  }
}

std::optional<std::vector<Bytes>> bcast_prefixes(std::span<const control::ServedDatabase> databases,
                                                 migration::View view, std::span<const BytesView> prefixes) {
  if (prefixes.empty()) return std::nullopt;
  std::vector<Bytes> wanted(prefixes.begin(), prefixes.end());
  const bool old_view = view == migration::View::old;
  for (const control::ServedDatabase& one : databases)
    for (const transforms::Rule& rule : one.rules->rules()) {
      const Bytes app = literal_prefix(old_view ? rule.from : rule.to);
      const bool concerned = std::any_of(prefixes.begin(), prefixes.end(),
                                         [&](BytesView prefix) { return one_begins_with_other(prefix, app); });
      if (concerned) wanted.push_back(literal_prefix(old_view ? rule.to : rule.from));
    }
  wanted = without_covered(std::move(wanted));
  if (wanted.front().empty()) return std::nullopt;
  return wanted;
}

bool overlapping(std::span<const BytesView> prefixes) noexcept {
  for (std::size_t i = 0; i < prefixes.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (one_begins_with_other(prefixes[i], prefixes[j])) return true;
  return false;
}

}  // namespace keyshift::proxy
