#include <algorithm>
#include <array>

#include "cli/command_line.hpp"

namespace keyshift::cli {
namespace {

constexpr OwnOption sweep_own[] = {{"json", "", "print the result as JSON"}};
constexpr OwnOption status_own[] = {{"admin", "ADDRESS:PORT", "admin port of the proxy (default 127.0.0.1:9180)"},
                                    {"history", "", "who did what, when, instead; wants a store"},
                                    {"watch", "", "again every second: redrawn on a terminal, one line each in a pipe"},
                                    {"json", "", "print the status document; with --watch one line each"}};
constexpr OwnOption json_own[] = {{"json", "", "print the result as JSON"}};
constexpr OwnOption step_own[] = {
    {"force", "REASON[,REASON]", "pass the gate in spite of these reasons; goes into the audit"},
    {"json", "", "print the result as JSON"}};
constexpr OwnOption advance_own[] = {
    {"auto", "", "go on from step to step, up to cutover; through it where the file says cutover.mode: auto"},
    {"force", "REASON[,REASON]", "pass the gate in spite of these reasons; goes into the audit; not with --auto"},
    {"json", "", "print the result as JSON; with --auto what happens, one line each"}};
constexpr OwnOption drive_own[] = {
    {"keep", "N", "backups of a run that are kept; older ones go once a proven one supersedes them (default 3)"}};
constexpr std::string_view step_words = "[--upstream URL] [--run NAME] [--force REASON]";
constexpr std::string_view step_more =
    "Exit code 3 and every reason when its gate is shut (docs/migrating.md). Safe to repeat, to interrupt, and to run\n"
    "on two terminals at once: whoever comes next finishes what was begun.";
constexpr OwnOption explain_own[] = {{"json", "", "print it as JSON"}};

constexpr OwnOption check_own[] = {{"json", "", "print the findings as JSON"}};
constexpr OwnOption fence_own[] = {
    {"keep", "GLOBS", "key patterns that fenced users keep or get, separated by blanks; none may fit a record"},
    {"apply", "", "do it, on every node; the users have to be named"},
    {"yes", "", "with --apply: without asking"}};
constexpr OwnOption nodes_own[] = {
    {"declare-gone", "ID", "this node (host:port or run id) is stopped or fenced: flips go on without it"},
    {"exclude-from-wait", "ID", "clean passes do not wait for this replica"},
    {"json", "", "print the nodes as JSON"}};
constexpr OwnOption repair_own[] = {{"yes", "", "write without asking"},
                                    {"json", "", "print what was found and done as JSON"}};
constexpr OwnOption verify_own[] = {
    {"mode", "old|to-new|new|to-old",
     "what is expected: each record under its old name or under its new one (default to-new)"},
    {"sample", "N", "check one in N of the records that are in place (default 1: each)"},
    {"json", "", "print the report as JSON"}};
constexpr OwnOption backup_own[] = {
    {"directory", "DIR", "where backups are; without it spec.backup.directory of the migration file"},
    {"provider", "rdb|logical", "create: how; without it spec.backup.provider of the migration file, else rdb"},
    {"prove", "", "create: prove it at once"},
    {"keep", "N", "create: then remove what is beyond the N youngest of this run and superseded by a proven one"},
    {"max-age", "TIME", "create: then remove what is older and superseded by a proven one"},
    {"force", "", "restore: also when the target has keys"},
    {"replace", "", "restore with --force: replace keys that are there; else they stay as they are"},
    {"control-keys", "", "restore: keys of Keyshift's own, too"},
    {"json", "", "print the manifest, the list or the counts as JSON"}};

constexpr OwnOption demo_own[] = {
    {"records", "N", "how many records to fill in (default 1000000)"},
    {"seconds", "N", "about how long their move takes, each way: sets its speed (default 15)"},
    {"clients", "N", "load clients (default 8)"},
    {"to", "observe|cutover", "there and back again (default), or end behind the cutover, under the new names"},
    {"keep", "", "leave Redis, the proxies and the files at the end until Ctrl-C, to look around"},
    {"json", "", "print the report as JSON; progress goes to standard error"}};
constexpr OwnOption demo_verdict_own[] = {{"port", "PORT", "of the Redis on loopback that is judged"}};

constexpr auto rows = std::to_array<CommandRow>({
    {"proxy",
     "[OPTION...]",
     "the sidecar: apps connect to it as to Redis, records move while they work",
     "Every option may also stand in the environment (KEYSHIFT_MAX_CLIENTS) and in the file of --config\n"
     "(max_clients: 100); the command line wins over the environment, that over the file.\n"
     "SIGTERM and SIGINT drain: nobody new is let in, what is in flight is answered, then it ends. A second one\n"
     "ends it at once.",
     TakesOptions::proxy,
     {},
     0,
     run_proxy},
    {"sweep", "[OPTION...]", "move records that nobody touches, as the proxy does beside its work, then end",
     "Ends with 0 once a whole pass has found nothing left to move, with 1 when it cannot go on or is stopped;\n"
     "begun again, it goes on where it was. Progress goes to standard error when that is a terminal.",
     TakesOptions::sweep, sweep_own, 0, run_sweep},
    {"status", "[--upstream URL] [--watch] [--history] [--json]",
     "where the migration of a store stands, or what a proxy does",
     "With a store (--upstream and its like): the control record, the phase of each run, what its next step waits "
     "for,\n"
     "and who is connected. Without one: what the proxy on this machine says on its admin port.",
     TakesOptions::store, status_own, 0, run_status},
    {"apply", "FILE [--upstream URL]", "register a migration at its store: every proxy follows it from then on",
     "The run begins in observe: nothing moves. The same file again does nothing.", TakesOptions::store, json_own, 1,
     run_apply},
    {"start", step_words, "let records move to their new names", step_more, TakesOptions::store, step_own, 0,
     run_start},
    {"cutover", step_words, "end the move: records are under their new names only", step_more, TakesOptions::store,
     step_own, 0, run_cutover},
    {"rollback", step_words, "turn round: records move back to their old names", step_more, TakesOptions::store,
     step_own, 0, run_rollback},
    {"complete", step_words, "no way back any more", step_more, TakesOptions::store, step_own, 0, run_complete},
    {"abort", step_words, "give the migration up: roll back if need be, then take the run away", step_more,
     TakesOptions::store, step_own, 0, run_abort},
    {"forget", step_words, "take the entry of a complete run away", step_more, TakesOptions::store, step_own, 0,
     run_forget},
    {"advance", "[--upstream URL] [--run NAME] [--auto]", "the next step, whichever it is",
     "With --auto one step after the other, up to the gate of cutover, waiting while gates are shut and doing\n"
     "meanwhile what opens them: rehearsals, verification, backups. Ctrl-C ends it without harm. Without --auto as\n"
     "the steps by name.",
     TakesOptions::store, advance_own, 0, run_advance},
    {"drive", "[OPTION...]", "a process that carries the runs of a store, without anybody at a terminal",
     "Finishes what others began, rehearses, verifies again and again until cutover, takes and proves backups\n"
     "before gates that ask for them, and takes the steps of runs whose file says cutover.mode: auto. Keeps\n"
     "nothing to itself: it may be killed at any moment, and run any number of times beside operators. SIGTERM\n"
     "ends it.",
     TakesOptions::drive, drive_own, 0, run_drive},
    {"pause", "[--upstream URL] [--run NAME]", "stop the sweep of a run; clients are served as before", "",
     TakesOptions::store, json_own, 0, run_pause},
    {"resume", "[--upstream URL] [--run NAME]", "let the sweep go on", "", TakesOptions::store, json_own, 0,
     run_resume},
    {"throttle", "KEYS_PER_SECOND|file [--upstream URL]", "how fast the sweep may be, from now on",
     "0 is no limit; `file` takes the migration file's again. Latency and replica lag slow it down all the same.",
     TakesOptions::store, json_own, 1, run_throttle},
    {"explain", "FILE KEY | FILE -- COMMAND ARG...", "what happens to a key or a command in each mode and view",
     "Reads the migration file alone; no Redis is asked. Keys and arguments are taken byte for byte.",
     TakesOptions::none, explain_own, 2, run_explain},
    {"check", "[OPTION...]", "whether a Redis is fit for a migration: findings with a code and a hint each",
     "Looks at version, role, replicas, persistence, memory, clock, rights, scripts and clients that bypass the\n"
     "proxies, and proves that naming and killing connections works there. With --migration also whether its source\n"
     "is this store, and at records that clash. Ends with 3 when a finding forbids a migration. Changes no record.",
     TakesOptions::store, check_own, 0, run_check},
    {"fence", "[USER...] [OPTION...]", "ACL rules that keep users who bypass the proxies away from the records",
     "Prints, and with --apply sets, what takes from users each key pattern that could reach a record under either\n"
     "name or a reserved key, and how it is undone. Without USER: all but the own one, those of proxies, and those\n"
     "that spec.bypass.allow names. ACLs cannot say \"all keys but these\": a user with ~* keeps only --keep.",
     TakesOptions::store, fence_own, 1000, run_fence},
    {"nodes", "[--declare-gone ID] [--exclude-from-wait ID] [--json]",
     "the servers that a flip looks at, and what of them",
     "Those that are listed, and those that were: a replica that dropped out may still be promoted, so it counts "
     "until\n"
     "it is declared gone. Only a node that does not answer may be, and it must not come back unseen: it has to be\n"
     "stopped, or fenced. Overrides are in the audit and in `status`, and end by themselves when the node is back.",
     TakesOptions::store, nodes_own, 0, run_nodes},
    {"repair", "[--yes] [--migration FILE] [--json]", "put a lost, damaged or restored control record right",
     "Looks at record, epoch keys, connections, specs and audit on every node, shows what each knew and what it would\n"
     "write, asks, and then holds the fleet above every epoch found and serves what can be proven. With --migration\n"
     "the rules of a run are given back. Safe to repeat, to interrupt, and to run on two terminals at once.",
     TakesOptions::store, repair_own, 0, run_repair},
    {"verify", "[OPTION...]", "look whether every record is where it should be, and whole",
     "Looks at every key, and a moment later again at what is not as it should be: what only moves is no difference.\n"
     "Ends with 0 when nothing is wrong, with 1 when something stays wrong. Only reads, at the speed of spec.sweep.",
     TakesOptions::store, verify_own, 0, run_verify},
    {"backup", "create | list | prove [NAME] | restore [NAME]", "take, prove and put back copies of a Redis",
     "create writes a stamp into Redis, copies it and writes a manifest beside the copy. prove loads a copy into a\n"
     "redis-server of its own and looks for exactly that stamp. restore puts one into the Redis that --upstream "
     "names,\n"
     "which must be empty. Without NAME the youngest one. docs/backup.md has all.",
     TakesOptions::store, backup_own, 2, run_backup},
    {"demo", "[OPTION...]", "watch a fleet change the names of records under load, on this machine alone, with proof",
     "Starts a redis-server and three proxies of its own on free ports of loopback, and clients that compare every\n"
     "answer; takes them through a migration and back, with backups, while one proxy is killed and one is stopped.\n"
     "At the end another process reads all of Redis and gives the verdict: 0 for PASS, 1 for FAIL.",
     TakesOptions::none, demo_own, 0, run_demo},
    {"completion",
     "bash|zsh|fish",
     "print a script that completes command lines",
     "For example: keyshift completion bash > /etc/bash_completion.d/keyshift",
     TakesOptions::none,
     {},
     1,
     run_completion},
    {"version", "", "print the version", "", TakesOptions::none, {}, 0, run_version},
    {"help", "[COMMAND]", "print this, or all about one command", "", TakesOptions::none, {}, 1, run_help},
});

/// Commands that the program starts as processes of its own: read like the others, listed nowhere.
constexpr std::array<CommandRow, 1> inner_rows{{
    {"demo-verdict", "FILE --port PORT", "hold a Redis against what the demo's clients have written", "",
     TakesOptions::none, demo_verdict_own, 1, run_demo_verdict},
}};

const CommandRow* found_in(std::span<const CommandRow> list, std::string_view name) noexcept {
  const auto found = std::find_if(list.begin(), list.end(), [&](const CommandRow& row) { return row.name == name; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::span<const CommandRow> commands() noexcept { return rows; }

const CommandRow* find_command(std::string_view name) noexcept {
  const CommandRow* listed = found_in(rows, name);
  return listed != nullptr ? listed : found_in(inner_rows, name);
}

bool takes(const CommandRow& command, const OptionRow& row) noexcept {
  switch (command.takes) {
    case TakesOptions::none:
      return false;
    case TakesOptions::store:
      return row.use == OptionUse::store;
    case TakesOptions::drive:
      return row.use == OptionUse::store || row.name.starts_with("log-");
    case TakesOptions::sweep:
      return row.use != OptionUse::proxy;
    case TakesOptions::proxy:
      return true;
  }
  return false;
}

}  // namespace keyshift::cli
