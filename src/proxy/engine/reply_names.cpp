#include "proxy/engine/reply_names.hpp"

#include <algorithm>

namespace keyshift::proxy {
namespace {

using resp::Reply;

void map_one(const AppNames& names, Reply& name) {
  if (!name.textual()) return;
  Bytes scratch;
  const BytesView mapped = names.of(name.text, scratch);
  if (mapped.data() == scratch.data()) name.text.swap(scratch);
}

void map_all(const AppNames& names, Reply& array) {
  for (Reply& element : array.elements) map_one(names, element);
}

void map_firsts(const AppNames& names, Reply& array) {
  for (Reply& element : array.elements)
    if (element.aggregate() && !element.elements.empty()) map_one(names, element.elements[0]);
}

void map_streams(const AppNames& names, Reply& reply) {
  if (reply.type != '%') return map_firsts(names, reply);
  for (std::size_t i = 0; i < reply.elements.size(); i += 2) map_one(names, reply.elements[i]);
}

/// Errors are one line: Redis writes spaces where a name has line ends.
Bytes as_in_error(BytesView name) {
  Bytes text(name);
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return text;
}

bool behind_key(BytesView before) { return before.ends_with("key '") || before.ends_with("key name '"); }

/// Both names of each pair as they stand in errors, longest stored name first.
std::vector<NamePair> prepared(std::span<const NamePair> pairs) {
  std::vector<NamePair> list;
  for (const auto& [stored, app] : pairs) list.emplace_back(as_in_error(stored) + '\'', as_in_error(app) + '\'');
  std::stable_sort(list.begin(), list.end(),
                   [](const NamePair& a, const NamePair& b) { return a.first.size() > b.first.size(); });
  return list;
}

bool replace(BytesView error, const std::vector<NamePair>& pairs, bool anywhere, Bytes& out) {
  bool found = false;
  for (std::size_t at = 0; at < error.size();) {
    const BytesView before = error.substr(0, at);
    const bool place = anywhere ? before.ends_with('\'') : behind_key(before);
    const auto pair = std::find_if(pairs.begin(), pairs.end(),
                                   [&](const NamePair& p) { return place && error.substr(at).starts_with(p.first); });
    if (pair == pairs.end()) {
      out += error[at++];
      continue;
    }
    found = true;
    out += pair->second;
    at += pair->first.size();
  }
  return found;
}

}  // namespace

void map_names(commands::ReplyNames kind, const AppNames& names, Reply& reply) {
  if (reply.type == '|' && !reply.elements.empty()) return map_names(kind, names, reply.elements.back());
  if (reply.error() || reply.null()) return;
  switch (kind) {
    case commands::ReplyNames::none:
    case commands::ReplyNames::log:  // takes the table of commands: Engine::log_view
      return;
    case commands::ReplyNames::whole:
      return map_one(names, reply);
    case commands::ReplyNames::array:
      return map_all(names, reply);
    case commands::ReplyNames::first:
      if (!reply.elements.empty()) map_one(names, reply.elements[0]);
      return;
    case commands::ReplyNames::streams:
      return map_streams(names, reply);
    case commands::ReplyNames::scan:
      if (reply.elements.size() == 2) map_all(names, reply.elements[1]);
      return;
    case commands::ReplyNames::key_at_pairs:
      return map_firsts(names, reply);
  }
}

Bytes error_with_app_names(BytesView error, std::span<const NamePair> pairs) {
  const auto list = prepared(pairs);
  Bytes out;
  if (replace(error, list, false, out)) return out;
  out.clear();
  replace(error, list, true, out);
  return out;
}

}  // namespace keyshift::proxy
