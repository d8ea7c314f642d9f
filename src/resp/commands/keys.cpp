// Where the keys of a request are. Positions and option parsing: redis 7.0 src/db.c (getKeysUsingKeySpecs and the
// functions that follow it) and the commands' own parsers, which decide where the two differ.
#include <algorithm>
#include <charconv>
#include <optional>

#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

using Argv = std::span<const BytesView>;

std::uint8_t access_of(const KeySpec& spec) noexcept { return static_cast<std::uint8_t>(spec.flags & 0xff); }

/// As redis' string2ll: digits, perhaps a minus, nothing else.
std::optional<std::int64_t> number(BytesView text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// Adds every `step`th index of [first, last]; false when some are beyond the arguments that are there.
bool add_range(KeyList& out, const KeySpec& spec, std::int64_t first, std::int64_t last, std::int64_t step, Argv argv) {
  if (first < 1 || step < 1) return false;
  if (last >= first && last >= static_cast<std::int64_t>(argv.size())) return false;
  for (std::int64_t i = first; i <= last; i += step) out.add(static_cast<std::uint32_t>(i), access_of(spec));
  return true;
}

bool add_counted(KeyList& out, const KeySpec& spec, std::int64_t start, Argv argv) {
  const std::int64_t count_at = start + spec.keynum;
  if (count_at >= static_cast<std::int64_t>(argv.size())) return false;
  const auto count = number(argv[static_cast<std::size_t>(count_at)]);
  if (!count || *count < 0 || *count > static_cast<std::int64_t>(argv.size())) return false;
  const std::int64_t first = start + spec.first;
  return add_range(out, spec, first, first + (*count - 1) * spec.step, spec.step, argv);
}

/// Where the keyword of `spec` is plus one; 0 when it is not there.
std::int64_t behind_keyword(const KeySpec& spec, Argv argv) noexcept {
  const auto n = static_cast<std::int64_t>(argv.size());
  const bool forward = spec.start > 0;
  for (std::int64_t i = forward ? spec.start : n + spec.start; i >= 1 && i < n; i += forward ? 1 : -1)
    if (equal_ignoring_case(argv[static_cast<std::size_t>(i)], spec.keyword)) return i + 1;
  return 0;
}

bool add_spec(KeyList& out, const KeySpec& spec, Argv argv, std::size_t arguments) {
  if (spec.flags & kNotKey) return true;
  if (spec.begin == KeySpec::Begin::unknown || spec.find == KeySpec::Find::unknown) {
    out.incomplete = true;
    return true;
  }
  std::int64_t first = spec.start;
  if (spec.begin == KeySpec::Begin::keyword) {
    if (argv.size() < arguments) return false;
    first = behind_keyword(spec, argv);
    if (first == 0) return true;
  }
  if (spec.flags & kIncomplete) out.incomplete = true;
  if (spec.find == KeySpec::Find::keynum) return add_counted(out, spec, first, argv);
  const auto n = static_cast<std::int64_t>(arguments);
  std::int64_t last = spec.last >= 0 ? first + spec.last : n + spec.last;
  if (spec.last < 0 && spec.limit > 1) last = first + (n - first) / spec.limit + spec.last;
  return last >= first && add_range(out, spec, first, last, spec.step, argv);
}

bool option(BytesView argument, BytesView name) noexcept { return equal_ignoring_case(argument, name); }

/// SET writes blindly unless it says GET.
bool set_keys(Argv argv, std::size_t arguments, KeyList& out) {
  if (argv.size() < 2) return false;
  const bool get = argv.size() < arguments || std::any_of(
                                                  argv.begin() + std::min<std::ptrdiff_t>(3, std::ssize(argv)),
                                                  argv.end(), [](BytesView a) { return option(a, "GET"); });
  out.add(1, get ? kRW : kOW);
  return true;
}

/// BITFIELD writes unless all its operations are GET.
bool bitfield_keys(Argv argv, std::size_t arguments, KeyList& out) {
  if (argv.size() < 2) return false;
  bool reads = argv.size() == arguments;
  for (std::size_t i = 2; i < argv.size() && reads;) {
    const std::size_t more = argv.size() - i - 1;
    if (more >= 2 && option(argv[i], "GET"))
      i += 3;
    else if (more >= 1 && option(argv[i], "OVERFLOW"))
      i += 2;
    else
      reads = false;
  }
  out.add(1, reads ? kRO : kRW);
  return true;
}

/// SORT and SORT_RO: the last STORE counts; BY and GET read keys made from a pattern, unless it has no '*'.
bool sort_keys(const Command& command, Argv argv, KeyList& out) {
  if (argv.size() < 2) return false;
  out.add(1, kRO);
  std::size_t store = 0;
  for (std::size_t i = 2; i < argv.size(); ++i) {
    const bool more = i + 1 < argv.size();
    if (option(argv[i], "LIMIT"))
      i += 2;
    else if (more && (option(argv[i], "BY") || option(argv[i], "GET")))
      out.incomplete |= argv[++i].find('*') != BytesView::npos;
    else if (more && option(argv[i], "STORE") && command.flags & kWrite)
      store = ++i;
  }
  if (store != 0) out.add(static_cast<std::uint32_t>(store), kOW);
  return true;
}

/// GEORADIUS and GEORADIUSBYMEMBER: of several STORE and STOREDIST the last counts.
bool georadius_keys(const Command& command, Argv argv, KeyList& out) {
  if (argv.size() < 2) return false;
  out.add(1, kRO);
  std::size_t store = 0;
  for (auto i = static_cast<std::size_t>(-command.arity); i + 1 < argv.size(); ++i) {
    if (option(argv[i], "COUNT"))
      ++i;
    else if (option(argv[i], "STORE") || option(argv[i], "STOREDIST"))
      store = ++i;
  }
  if (store != 0) out.add(static_cast<std::uint32_t>(store), kOW);
  return true;
}

/// MIGRATE: the argument at 3, or, when that is empty, all behind KEYS.
bool migrate_keys(Argv argv, KeyList& out) {
  if (argv.size() < 6) return false;
  std::size_t first = 3, last = 3;
  for (std::size_t i = 6; i < argv.size(); ++i) {
    if (option(argv[i], "KEYS")) {
      if (!argv[3].empty() || i + 1 == argv.size()) return false;
      first = i + 1;
      last = argv.size() - 1;
      break;
    }
    if (option(argv[i], "AUTH"))
      i += 1;
    else if (option(argv[i], "AUTH2"))
      i += 2;
  }
  for (std::size_t i = first; i <= last; ++i) out.add(static_cast<std::uint32_t>(i), kRW);
  return true;
}

struct StreamOptions {
  std::size_t streams = 0;  ///< where the word STREAMS is; 0: nowhere
  bool block = false;
};

/// The options of XREAD and XREADGROUP up to STREAMS, which may also be the name of a group, a consumer or a key.
StreamOptions stream_options(Argv argv) noexcept {
  StreamOptions found;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (option(argv[i], "STREAMS")) {
      found.streams = i;
      break;
    }
    if (option(argv[i], "BLOCK")) {
      found.block = true;
      ++i;
    } else if (option(argv[i], "COUNT") || option(argv[i], "CLAIM")) {
      ++i;
    } else if (option(argv[i], "GROUP")) {
      i += 2;
    } else if (!option(argv[i], "NOACK")) {
      break;
    }
  }
  return found;
}

bool stream_keys(const Command& command, Argv argv, KeyList& out) {
  const std::size_t streams = stream_options(argv).streams;
  const std::size_t rest = argv.size() - streams - 1;
  if (streams == 0 || rest == 0 || rest % 2 != 0) return false;
  for (std::size_t i = streams + 1; i <= streams + rest / 2; ++i)
    out.add(static_cast<std::uint32_t>(i), access_of(command.key_specs[0]));
  return true;
}

/// DEBUG is no container for the server, so COMMAND does not say that some of what it does has a key at 2.
bool debug_keys(Argv argv, KeyList& out) {
  if (argv.size() < 3) return true;
  for (const BytesView one_key : {"OBJECT", "SDSLEN", "LISTPACK", "ZIPLIST", "HTSTATS-KEY"})
    if (option(argv[1], one_key)) out.add(2, kRO);
  if (option(argv[1], "DIGEST-VALUE"))
    for (std::size_t i = 2; i < argv.size(); ++i) out.add(static_cast<std::uint32_t>(i), kRO);
  return true;
}

bool special_keys(const Command& command, Argv argv, std::size_t arguments, KeyList& out) {
  if (command.key_function == KeyFunction::set) return set_keys(argv, arguments, out);
  if (command.key_function == KeyFunction::bitfield) return bitfield_keys(argv, arguments, out);
  if (argv.size() < arguments) return false;
  switch (command.key_function) {
    case KeyFunction::sort:
      return sort_keys(command, argv, out);
    case KeyFunction::georadius:
      return georadius_keys(command, argv, out);
    case KeyFunction::migrate:
      return migrate_keys(argv, out);
    case KeyFunction::xread:
      return stream_keys(command, argv, out);
    case KeyFunction::debug:
      return debug_keys(argv, out);
    default:
      return false;
  }
}

}  // namespace

bool Table::keys_of_prefix(const Command& command, Argv argv, std::size_t arguments, KeyList& out) {
  out.clear();
  if (command.key_function != KeyFunction::none) return special_keys(command, argv, arguments, out);
  for (const KeySpec& spec : command.specs())
    if (!add_spec(out, spec, argv, arguments)) return false;
  return true;
}

bool Table::blocks(const Command& command, Argv argv) noexcept {
  if (command.key_function == KeyFunction::xread) return stream_options(argv).block;
  return (command.flags & kBlocking) != 0 || command.timeout_argument != 0;
}

}  // namespace keyshift::commands
