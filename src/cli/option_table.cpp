#include "cli/option_table.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"

namespace keyshift::cli {
namespace {

using enum OptionKind;
constexpr std::uint64_t day = 24ull * 3600 * 1000;
constexpr std::uint64_t gib = 1ull << 30;

constexpr std::array<OptionRow, 27> rows{{
    {"listen", list, "WHERE", "127.0.0.1:6379", OptionUse::proxy, 0, 0,
     "where apps connect: ADDRESS:PORT, [ADDRESS6]:PORT, PORT or unix:/path"},
    {"upstream", text, "URL", "", OptionUse::store, 0, 0,
     "Redis: redis://host:port/db or unix:///path; without it the source of the migration file"},
    {"upstream-file", file, "FILE", "", OptionUse::store, 0, 0,
     "a file whose first line is that URL, password and all"},
    {"migration", file, "FILE", "", OptionUse::store, 0, 0,
     "the migration file; without it everything goes through as it comes"},
    {"mode", choice, "old|to-new|new|to-old", "old", OptionUse::sweep, 0, 0,
     "where records are: under their old names, moving to the new ones, under the new ones, moving back"},
    {"view", list, "old|new|SCHEMA=VERSION", "old", OptionUse::proxy, 0, 0, "which names the apps of this proxy use"},
    {"admin", text, "ADDRESS:PORT", "127.0.0.1:9180", OptionUse::proxy, 0, 0,
     "page, status and everything else over HTTP, on loopback; off: none"},
    {"health", text, "ADDRESS:PORT", "0.0.0.0:9181", OptionUse::proxy, 0, 0,
     "/healthz, /readyz and /metrics for all; off: none"},
    {"admin-token-file", file, "FILE", "", OptionUse::proxy, 0, 0,
     "a file that holds the token which POST requests must bring; without it they are refused"},
    {"threads", number, "N", "1", OptionUse::proxy, 1, 256, "worker threads"},
    {"sweep", choice, "on|off", "on", OptionUse::proxy, 0, 0, "move records that nobody touches, too"},
    {"ensured-max", bytes, "BYTES", "4MiB", OptionUse::proxy, 0, gib,
     "memory for names of records that are known to be in place; per thread"},
    {"max-clients", number, "N", "10000", OptionUse::proxy, 1, 1'000'000,
     "clients at the same time; one more gets Redis' error"},
    {"idle-timeout", duration, "TIME", "0", OptionUse::proxy, 0, 30 * day,
     "a client that is silent for so long is closed; 0: never"},
    {"request-timeout", duration, "TIME", "30s", OptionUse::proxy, 100, day,
     "a connection to Redis that answers nothing for so long is given up"},
    {"connect-timeout", duration, "TIME", "2s", OptionUse::proxy, 10, day, "time to connect to Redis"},
    {"client-output-limit", bytes, "BYTES", "64MiB", OptionUse::proxy, 1 << 20, 64 * gib,
     "a client that lets more replies than this pile up is closed"},
    {"client-output-high", bytes, "BYTES", "256KiB", OptionUse::proxy, 4096, gib,
     "above it no further command of that client is read"},
    {"request-max", bytes, "BYTES", "64MiB", OptionUse::proxy, 65536, gib,
     "a request that cannot be streamed may be as long as this"},
    {"pipeline-max", number, "N", "4096", OptionUse::proxy, 1, 1'000'000, "commands of one client in flight"},
    {"drain-timeout", duration, "TIME", "10s", OptionUse::proxy, 0, day, "after SIGTERM: time for what is in flight"},
    {"name", text, "NAME", "", OptionUse::store, 0, 0,
     "of this process, in the names of its connections to Redis; without it host name and process id"},
    {"run", text, "NAME", "", OptionUse::store, 0, 0,
     "of the migration in reserved keys; without it the name in the file"},
    {"log-format", choice, "text|json", "text", OptionUse::sweep, 0, 0,
     "lines for people or for machines, on standard error"},
    {"log-level", choice, "debug|info|warning|error", "info", OptionUse::sweep, 0, 0, "the least that is logged"},
    {"allow-dangerous", flag, "", "false", OptionUse::proxy, 0, 0,
     "let SHUTDOWN, REPLICAOF, DEBUG and their like through"},
    {"config", file, "FILE", "", OptionUse::store, 0, 0, "a YAML file with these settings (names with _ for -)"},
}};

}  // namespace

std::span<const OptionRow> options() noexcept { return rows; }

const OptionRow* find_option(std::string_view name) noexcept {
  const auto* found = std::find_if(rows.begin(), rows.end(), [&](const OptionRow& row) { return row.name == name; });
  return found == rows.end() ? nullptr : found;
}

std::string environment_name(const OptionRow& row) {
  std::string out = "KEYSHIFT_" + upper(row.name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

std::string file_key(const OptionRow& row) {
  std::string out(row.name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

}  // namespace keyshift::cli
