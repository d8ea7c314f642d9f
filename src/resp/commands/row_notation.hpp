#pragma once
#include <string_view>

#include "resp/commands/command.hpp"

/// The notation of the rows in rows_*.inc, read at compile time: a row that cannot be read does not compile.
///
///   row(name, arity, since, flags, keys, arguments).at(gate).names(reply)...
///
/// since: "7.0" or "valkey 8.1". flags: words of flag_names below. arguments: see Command::arguments.
/// keys: key specs divided by "; ", each `ACCESS[.modifiers] PLACE`:
///   ACCESS     RO RW OW RM, or - for none
///   modifiers  a access, u update, i insert, d delete, n not a key, p incomplete, v depends on options
///   PLACE      1        the argument at 1           1+1     it and the next      1..-1   from it to the last
///              1..-1/2  every second of them        #1      as many keys behind it as the argument at 1 says
///              WORD@3   the argument behind WORD, which is sought from 3 on (-2: from the second last, backwards)
///              WORD@3..-1%2   the first half of what is behind WORD          ?   nobody can say where
namespace keyshift::commands::notation {

struct FlagName {
  std::string_view name;
  std::uint32_t bit;
};

/// Every flag by the name that COMMAND gives it; ours (bits 24 and up) by our own. docs/commands.md uses the same
/// names.
inline constexpr FlagName flag_names[] = {
    {"write", kWrite},
    {"readonly", kReadonly},
    {"denyoom", kDenyOom},
    {"admin", kAdmin},
    {"pubsub", kPubsub},
    {"noscript", kNoScript},
    {"blocking", kBlocking},
    {"loading", kLoading},
    {"stale", kStale},
    {"fast", kFast},
    {"no_auth", kNoAuth},
    {"may_replicate", kMayReplicate},
    {"no_multi", kNoMulti},
    {"movablekeys", kMovableKeys},
    {"skip_monitor", kSkipMonitor},
    {"skip_slowlog", kSkipSlowlog},
    {"no_async_loading", kNoAsyncLoading},
    {"allow_busy", kAllowBusy},
    {"asking", kAsking},
    {"no_mandatory_keys", kNoMandatoryKeys},
    {"may-delete", kMayDelete},
    {"script", kScript},
    {"whole-database", kWholeDatabase},
    {"per-node", kPerNode},
    {"dangerous", kDangerous},
};

/// Called at compile time only, where it cannot be: its name is the compiler's message.
void row_cannot_be_read();

constexpr std::string_view cut(std::string_view& rest, char at) {
  const auto end = rest.find(at);
  const std::string_view head = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return head;
}

constexpr int number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 4) row_cannot_be_read();
  int n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') row_cannot_be_read();
    n = n * 10 + (c - '0');
  }
  return negative ? -n : n;
}

constexpr std::int16_t small(std::string_view text) { return static_cast<std::int16_t>(number(text)); }

constexpr std::uint32_t flags(std::string_view words) {
  std::uint32_t all = 0;
  while (!words.empty()) {
    const std::string_view word = cut(words, ' ');
    std::uint32_t bit = 0;
    for (const FlagName& f : flag_names)
      if (f.name == word) bit = f.bit;
    if (bit == 0) row_cannot_be_read();
    all |= bit;
  }
  return all;
}

constexpr std::uint16_t access(std::string_view text) {
  const std::string_view word = cut(text, '.');
  unsigned all = 0;
  if (word == "RO")
    all = kRO;
  else if (word == "RW")
    all = kRW;
  else if (word == "OW")
    all = kOW;
  else if (word == "RM")
    all = kRM;
  else if (word != "-")
    row_cannot_be_read();
  for (const char c : text) switch (c) {
      case 'a':
        all |= kAccess;
        break;
      case 'u':
        all |= kUpdate;
        break;
      case 'i':
        all |= kInsert;
        break;
      case 'd':
        all |= kDelete;
        break;
      case 'n':
        all |= kNotKey;
        break;
      case 'p':
        all |= kIncomplete;
        break;
      case 'v':
        all |= kVariable;
        break;
      default:
        row_cannot_be_read();
    }
  return static_cast<std::uint16_t>(all);
}

/// `place` without what stands behind `mark`, which goes to `tail` when there is one.
constexpr std::string_view head_and_tail(std::string_view place, std::string_view mark, std::string_view& tail) {
  const auto at = place.find(mark);
  if (at == std::string_view::npos) return place;
  tail = place.substr(at + mark.size());
  return place.substr(0, at);
}

constexpr KeySpec key_spec(std::string_view text) {
  KeySpec spec;
  spec.flags = access(cut(text, ' '));
  if (text == "?") return spec;
  std::string_view step, limit, last, plus;
  text = head_and_tail(text, "/", step);
  text = head_and_tail(text, "%", limit);
  text = head_and_tail(text, "..", last);
  text = head_and_tail(text, "+", plus);
  spec.begin = KeySpec::Begin::index;
  spec.find = KeySpec::Find::range;
  if (text.starts_with('#')) {
    text.remove_prefix(1);
    spec.find = KeySpec::Find::keynum;
    spec.first = 1;
  }
  if (text.find('@') != std::string_view::npos) {
    spec.begin = KeySpec::Begin::keyword;
    spec.keyword = cut(text, '@');
  }
  spec.start = small(text);
  if (!step.empty()) spec.step = small(step);
  if (!limit.empty()) spec.limit = small(limit);
  if (!last.empty()) spec.last = small(last);
  if (!plus.empty()) spec.last = small(plus);
  return spec;
}

struct Row : Command {
  consteval Row at(Gate g) const {
    Row r = *this;
    r.gate = g;
    return r;
  }
  consteval Row names(ReplyNames n) const {
    Row r = *this;
    r.reply_names = n;
    return r;
  }
  consteval Row keyed(KeyFunction f) const {
    Row r = *this;
    r.key_function = f;
    return r;
  }
  consteval Row timeout(int position, bool milliseconds = false) const {
    Row r = *this;
    r.timeout_argument = static_cast<std::int8_t>(position);
    r.timeout_milliseconds = milliseconds;
    return r;
  }
};

consteval Row row(std::string_view name, int arity, std::string_view since, std::string_view flag_words,
                  std::string_view keys, std::string_view arguments) {
  Row r;
  r.name = name;
  r.arity = static_cast<std::int16_t>(arity);
  r.flags = flags(flag_words);
  r.arguments = arguments;
  if (since.starts_with("valkey ")) {
    r.valkey = true;
    since.remove_prefix(7);
  }
  r.first_version[0] = static_cast<std::uint8_t>(number(cut(since, '.')));
  r.first_version[1] = static_cast<std::uint8_t>(number(since));
  while (!keys.empty()) {
    if (r.key_spec_count == kMaxKeySpecs) row_cannot_be_read();
    r.key_specs[r.key_spec_count++] = key_spec(cut(keys, ';'));
    if (keys.starts_with(' ')) keys.remove_prefix(1);
  }
  return r;
}

}  // namespace keyshift::commands::notation
