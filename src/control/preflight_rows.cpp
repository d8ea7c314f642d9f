#include <array>
#include <span>

#include "control/preflight.hpp"
#include "migration/reserved_name.hpp"

namespace keyshift::control {
namespace {

using enum FindingGrade;

constexpr std::array rows{
    FindingRow{Finding::unreachable, "KS-C001", forbids, "the server cannot be reached",
               "look at address, firewall, TLS, user and password; the message says how far it came"},
    FindingRow{Finding::version, "KS-C002", forbids, "the server is too old",
               "6.2 is the oldest that works; from 7.0 on rights of app users can be checked as well"},
    FindingRow{Finding::not_primary, "KS-C003", forbids, "the server is no primary",
               "give the address of the primary: records move there alone"},
    FindingRow{Finding::cluster, "KS-C004", forbids, "the server is part of a Redis Cluster",
               "Cluster is not supported yet"},
    FindingRow{Finding::sentinel, "KS-C005", forbids, "a Sentinel answers, or the URL names one",
               "Sentinel is not supported yet: give the address of the primary itself"},
    FindingRow{Finding::loading, "KS-C006", forbids, "the server is still loading its data",
               "wait until it is up, then check again"},
    FindingRow{Finding::no_replicas, "KS-C007", note, "the server has no replica",
               "fine for tests; anywhere else a failure of this server loses what it had not on disk"},
    FindingRow{Finding::slow_wait, "KS-C008", warning, "replicas acknowledge late or not at all",
               "WAIT is part of every clean pass: look at the link and the load of the replicas"},
    FindingRow{Finding::replica_lag, "KS-C009", warning, "a replica is far behind",
               "a flip looks at every node; let it catch up first"},
    FindingRow{Finding::not_persistent, "KS-C010", warning, "neither AOF nor snapshots are on",
               "a restart would begin empty, the control record gone with the data: turn one of them on"},
    FindingRow{Finding::snapshot_failed, "KS-C011", forbids, "the last snapshot failed",
               "repair it (disk space, permissions, memory for fork); until then Redis may refuse writes with MISCONF"},
    FindingRow{Finding::aof_failed, "KS-C012", forbids, "the last write of the AOF failed",
               "repair the disk; until then Redis refuses writes with MISCONF"},
    FindingRow{Finding::eviction, "KS-C013", forbids, "the server may evict keys that carry no expiry",
               "set maxmemory-policy to noeviction or volatile-*: eviction eats the control record, and marks where "
               "records change their slot"},
    FindingRow{Finding::memory, "KS-C014", warning, "memory is nearly used up",
               "raise maxmemory or make room: a migration needs some, and a full server refuses writes"},
    FindingRow{Finding::clock, "KS-C015", warning, "the clocks of the server and of this machine differ",
               "nothing depends on them, but times in logs and in the audit will not fit together"},
    FindingRow{Finding::command_refused, "KS-C016", forbids, "the proxy's own user lacks a command",
               "grant it (ACL SETUSER), or use another user; renamed commands must have their names back"},
    FindingRow{Finding::user_refused, "KS-C017", forbids, "a user may touch a record's one name and not its other one",
               "grant the user the patterns of both sides before the start, or its apps get NOPERM"},
    FindingRow{Finding::scripts, "KS-C018", note, "scripts or functions are in use",
               "keys that they are handed are translated; names that are built inside a script are not: look at them"},
    FindingRow{Finding::slow_disk, "KS-C019", warning, "the disk or fork is slow",
               "expect late answers while records move; sweep slowly (spec.sweep)"},
    FindingRow{Finding::writes_hang, "KS-C020", forbids, "reads are answered and writes are not",
               "somebody has paused the server (CLIENT PAUSE), or a failover is under way: CLIENT UNPAUSE, or wait"},
    FindingRow{Finding::too_few_replicas, "KS-C021", forbids, "fewer replicas than min-replicas-to-write",
               "bring the replicas back: until then every write is refused with NOREPLICAS"},
    FindingRow{Finding::proof, "KS-C022", forbids, "naming and killing connections does not work here",
               "no migration on this server: a fleet could not be turned at one moment. Is there a proxy in front of "
               "it?"},
    FindingRow{
        Finding::bypass, "KS-C023", warning, "clients are connected that do not go through a proxy",
        "lead them through one, end them, or tolerate them by spec.bypass.allow; they hold up start and cutover"},
    FindingRow{Finding::other_store, "KS-C024", forbids, "the source of the migration is another store",
               "correct spec.source.url or --upstream, whichever is wrong"},
    FindingRow{Finding::store_unknown, "KS-C025", warning,
               "whether the source of the migration is this store could not be made sure of",
               "run the check where the source can be reached, with rights to read and write its reserved keys"},
    FindingRow{
        Finding::both_names, "KS-C026", warning, "records exist under both names",
        "they are told apart by policy.conflict, and the loser goes to quarantine: look at them before the start"},
    FindingRow{Finding::wrong_type, "KS-C027", warning, "records have another type than their rule names",
               "correct the rule or the records"},
    FindingRow{Finding::epoch_without_record, "KS-C028", forbids, "an epoch key is there and no control record",
               "the record was lost (FLUSHALL, a restored backup, eviction): find out why, then keyshift repair"},
    FindingRow{Finding::unknown, "KS-C029", note, "something could not be asked",
               "give the checking user the right, or look at it by hand"},
    FindingRow{Finding::node, "KS-C030", forbids, "a flip would stop at a server of the store",
               "bring it back, or, when it is stopped for good, say so: keyshift nodes --declare-gone"},
};

}  // namespace

std::string_view name(FindingGrade grade) noexcept {
  return grade == forbids ? "forbids" : grade == warning ? "warning" : "note";
}

std::span<const FindingRow> finding_rows() noexcept { return rows; }
const FindingRow& finding_row(Finding finding) noexcept { return rows[static_cast<std::size_t>(finding)]; }

std::vector<NeededCommand> needed_commands() {
  const Bytes record = migration::control_record_name(), key = migration::epoch_key_name();
  const Bytes audit = migration::audit_name(), channel = migration::control_channel_name();
  const Bytes kept = migration::quarantined_name("r"), sweeper = migration::sweeper_name("r");
  return {{{"PING"}, "whether a connection lives"},
          {{"ROLE"}, "the record is believed from a primary only"},
          {{"INFO", "server"}, "which life of which server this is"},
          {{"SELECT", "0"}, "rules hold in one database, the record lies in database 0"},
          {{"HGETALL", record}, "reading the control record"},
          {{"HSET", record, "f", "v"}, "changing it"},
          {{"WATCH", record}, "compare-and-set"},
          {{"UNWATCH"}, "compare-and-set"},
          {{"GET", key}, "the fence that is read behind each name"},
          {{"SET", key, "v"}, "turning a server"},
          {{"XADD", audit, "*", "f", "v"}, "who did what"},
          {{"XRANGE", audit, "-", "+"}, "status --history"},
          {{"PUBLISH", channel, "m"}, "telling of changes"},
          {{"SUBSCRIBE", channel}, "hearing of changes"},
          {{"CLIENT", "ID"}, "finding a connection in the list"},
          {{"CLIENT", "LIST"}, "the look of a flip, and clients that bypass us"},
          {{"CLIENT", "KILL", "ID", "1"}, "ending late connections"},
          {{"CLIENT", "UNBLOCK", "1", "ERROR"}, "ending parked commands"},
          {{"SCAN", "0"}, "the sweep and verification"},
          {{"EXISTS", key}, "looking at both names"},
          {{"TYPE", key}, "verification"},
          {{"RENAMENX", sweeper, key}, "moving records"},
          {{"RENAME", sweeper, key}, "settling conflicts"},
          {{"DEL", sweeper}, "who sweeps"},
          {{"PEXPIRE", sweeper, "15000"}, "who sweeps"},
          {{"SADD", kept, "m"}, "the list of the quarantine"},
          {{"SCARD", kept}, "the list of the quarantine"},
          {{"WAIT", "0", "1"}, "clean passes"},
          {{"DBSIZE"}, "how much remains"}};
}

std::string check_page() {
  std::string out =
      "# What `keyshift check` finds\n\n"
      "`keyshift check [--migration FILE] --upstream URL [--json]` looks at a server as a migration would use it. It "
      "ends with 0\nwhen nothing forbids a migration there, with 3 when something does, with 2 when it was called "
      "wrongly. It changes no record.\nEvery other node of the store is asked, too: version, eviction, the own user's "
      "rights, who bypasses the proxies there, and\nwhether a flip could look at it. What is said of a node begins "
      "with "
      "its address.\nWith a file it also compares the source with the upstream, tries the rights "
      "of other users on both names, and looks at the\nfirst 100,000 keys for records that exist under both.\n\n"
      "This page is generated from `src/control/preflight_rows.cpp`. A code keeps its meaning.\n\n"
      "| code | usual grade | what | what to do |\n|---|---|---|---|\n";
  for (const FindingRow& row : rows)
    out.append("| ")
        .append(row.code)
        .append(" | ")
        .append(name(row.grade))
        .append(" | ")
        .append(row.title)
        .append(" | ")
        .append(row.hint)
        .append(" |\n");
  out +=
      "\n## The proof\n\n"
      "A flip rests on three things that a server, or whatever stands in front of it, must do. They are done here, not "
      "read off a\nversion: a connection is named, and named anew, and another one sees both in CLIENT LIST; a command "
      "that blocks on it is\nended by CLIENT UNBLOCK; then a blocking command is sent with a write queued behind it, "
      "the connection is ended by CLIENT\nKILL, and the write must not have run, neither at once nor later. The key of "
      "that write is `keyshift:probe:{}:key-<number>`, with an\nexpiry of ten seconds in case it does run.\n\n"
      "## Commands that the proxy's own user needs\n\n"
      "Each is queued behind MULTI and discarded, so that the server says whether it would be allowed and nothing is "
      "done. MULTI,\nDISCARD and EXEC are needed besides. App users need what their apps use, on both names of every "
      "record.\n\n| command | what for |\n|---|---|\n";
  for (const NeededCommand& command : needed_commands()) {
    const bool sub = command.argv.front() == "CLIENT";
    out += "| `" + command.argv.front() + (sub ? " " + command.argv[1] : "") + "` | " + std::string(command.what_for) +
           " |\n";
  }
  return out;
}

}  // namespace keyshift::control
