#include "migration/reserved_keys.hpp"

#include <array>

namespace keyshift::migration {
namespace {

constexpr std::array rows{
    ReservedKeyRow{
        ReservedKey::control_record, "control", "keyshift:control:{}:record", "0", "hash",
        "1, in the first line of each change; another one is refused by its number, and the records of its "
        "runs with it",
        "never",
        "`cur` and `next`, each a change: lines of text, `name value`, each ended by a newline, in this order: "
        "`keyshift-change 1`, `epoch` (decimal), `word` (16 hexadecimal digits), `prev` (<epoch>.<word> of "
        "the change it comes from, 0.0000000000000000 for none), `kind` (hold or serve), `forced` (0 or 1), "
        "`era` (decimal), `scope` (<epoch>.<word> of the change that added the last run); then a line `run` "
        "for each run: id, SHA-256 of its spec, phase, what an operator wants next, <epoch>.<word> of the "
        "change that added it, name",
        "whoever carries a change, by compare-and-set: WATCH, HGETALL, MULTI, HSET, EXEC",
        "nobody: a store that lost it looks like one that was emptied"},
    ReservedKeyRow{
        ReservedKey::epoch_key, "epoch", "keyshift:epoch:{}:key", "0", "string", "that of the change", "never",
        "the change that this server is under, as in the control record: the fence that travels with the data",
        "whoever carries a change, and every proxy that finds it behind, by compare-and-set",
        "nobody: a store that lost it looks like one that was emptied"},
    ReservedKeyRow{
        ReservedKey::nodes, "nodes", "keyshift:nodes:{}:list", "0", "hash",
        "1, the first word of each value; a node under another one counts as one that cannot be asked", "never",
        "the servers that were seen to belong to the store: a replica that its primary lists no longer may still be "
        "promoted. A field `node <run_id>` (of one that never answered `node ?<host:port>`): `1`, milliseconds since "
        "1970 when it was first seen there, host:port (behind `former`: who was at that address before a failover). "
        "Overrides by an operator, each `1`, milliseconds since 1970, who: `gone <run_id>` (it is stopped or fenced), "
        "`wait <run_id>` (clean passes do not wait for it)",
        "whoever carries a change; `keyshift nodes`",
        "an override ends when its node is seen answering, or up to date; a node that answers, belongs to nobody "
        "here and has no epoch key is taken off the list"},
    ReservedKeyRow{ReservedKey::spec, "spec", "keyshift:spec:{}:<sha256>", "0", "string",
                   "1, in its first line; the lines `database` and `family` are the same in every version", "never",
                   "what a run does: `keyshift-spec 1`, `database` (decimal), a line `family` for each rule (length of "
                   "the old pattern, old pattern, length of the new one, new pattern, by spaces), then `document` and "
                   "the migration as JSON, without addresses or secrets",
                   "`keyshift apply`", "`forget` and `abort`, with the last run that names it"},
    ReservedKeyRow{ReservedKey::run_notes, "run", "keyshift:run:{}:<run>", "0", "hash", "-", "never",
                   "what gates and sweeps know of a run, which no change carries. `paused` (1), `rate` (keys per "
                   "second); results of gates, each words `name value` separated by blanks and void in another era or "
                   "under another spec: `pass` (clean pass of the sweep), `verify`, `rehearsal`, `way_back`; `forced` "
                   "(the last gate that was overridden, "
                   "by whom)",
                   "sweeps, `pause`, `resume`, `throttle`, `verify`, `drive` and the commands with gates",
                   "`forget` and `abort`, with the run"},
    ReservedKeyRow{ReservedKey::report, "report", "keyshift:report:{}:<proxy>", "0", "string",
                   "1, in its field `format`",
                   "20 s after it was written; of a proxy that serves nobody, up to 4 minutes",
                   "what one proxy says of itself, as JSON: its version, the view of its apps, the change that it acts "
                   "on, counts by route and rule, refusals. For people and gates; no proxy reads it",
                   "every proxy that follows the record, each 5 s while it serves somebody", "its expiry"},
    ReservedKeyRow{
        ReservedKey::audit, "audit", "keyshift:audit:{}:log", "0", "stream", "-",
        "never; the newest 10,000 entries are kept",
        "one entry for each thing done: `who` (user@host), `what`, `run`, `change` (<epoch>.<word>), `turn` (what that "
        "change is: hold, serve, called off and why), `details`",
        "whoever did it", "nobody: a store that lost it looks like one that was emptied"},
    ReservedKeyRow{
        ReservedKey::channel, "channel", "keyshift:channel:{}:control", "-", "channel", "-", "-",
        "messages: the epoch that was written, or `wanted` before a hold. Only for speed: nothing depends on it",
        "whoever carries a change", "nobody: channels leave nothing behind"},
    ReservedKeyRow{ReservedKey::probe, "probe", "keyshift:probe:{}:<token>", "0", "string", "-", "after 10 s",
                   "the token, decimal, drawn at random: read on every node before a hold is begun, so that no hold "
                   "waits for a replica that is far behind",
                   "whoever begins a hold; `keyshift check` behind a connection that it has killed, which a sound "
                   "server does not run",
                   "its expiry"},
    ReservedKeyRow{ReservedKey::stamp, "stamp", "keyshift:stamp:{}:<run>", "0", "string", "1, in its first line",
                   "never",
                   "`keyshift-stamp 1`, then the lines `run` (id of the run, or `manual`), `store` (the id that is at "
                   "`keyshift:store:{}:id`), `word` (32 hexadecimal digits, drawn at random), `written` (milliseconds "
                   "since 1970): a backup that holds exactly this stamp was taken behind it, of this store, for this "
                   "run",
                   "`keyshift backup create`, right before it copies; the next one of that run replaces it",
                   "people, once no backup of that run is wanted any more"},
    ReservedKeyRow{ReservedKey::backup_mark, "backup", "keyshift:backup:{}:mark", "0", "string", "-",
                   "10 s after its holder renewed it last",
                   "who takes a backup now, for people: `<name of the process>/<random word> user@host`. While it is "
                   "there nobody begins a hold, and while there is a hold nobody sets it; for thrift only, no record "
                   "depends on it",
                   "`keyshift backup create` and `drive`, at a store with a control record, every 3 s",
                   "its holder at its end, else its expiry"},
    ReservedKeyRow{ReservedKey::store_id, "store", "keyshift:store:{}:id", "0", "string", "-", "never",
                   "32 hexadecimal digits, drawn at random: two addresses that show the same ones lead to the same "
                   "store",
                   "a proxy or a sweep that is given a migration file whose source has another address than its "
                   "upstream and can be reached, and `keyshift backup create`; the first one that comes (SET NX)",
                   "people, once no migration is under way; it is then written anew"},
    ReservedKeyRow{ReservedKey::checkpoint, "sweep", "keyshift:sweep:{}:<run>", "0", "string",
                   "1, in its first line; another one is refused by its number", "never",
                   "lines of text, `name value`, each ended by a newline: `keyshift-checkpoint 1`, `run` (name), "
                   "`rules` (digest of names, patterns, order and database, hexadecimal), `mode` (to-new or to-old), "
                   "`server` (run_id that the cursor belongs to), `cursor` (of SCAN), `pass` (counted from 1), "
                   "`scanned` (keys looked at), `written` (milliseconds since 1970); then for each rule, in its order, "
                   "`counts` with found, moved, gone, conflicts, quarantined, failed. Numbers are decimal",
                   "the sweep, every 5 s and when it ends before a clean pass",
                   "`forget` and `abort`, with the run; `keyshift sweep` by hand after its clean pass"},
    ReservedKeyRow{ReservedKey::sweeper, "sweeper", "keyshift:sweeper:{}:<run>", "0", "string", "-",
                   "15 s after its holder renewed it last", "24 hexadecimal digits, drawn at random by the holder",
                   "the process that sweeps, every 4 s", "its holder at its end, else its expiry"},
    ReservedKeyRow{ReservedKey::quarantine, "quarantine",
                   "keyshift:quarantine:{<tag>}:<run>:<key>; the next losers of that name have :<number>: between run "
                   "and key",
                   "that of the record", "that of the record", "-", "when the record would have",
                   "a record that lost a conflict, renamed: value, encoding and expiry are as they were. `<tag>` is "
                   "the shortest text in the hash slot of `<key>`",
                   "commands and the sweep, when both names of a record exist and policy.conflict names a loser",
                   "people, who look at it and delete it or rename it"},
    ReservedKeyRow{ReservedKey::quarantined, "quarantined", "keyshift:quarantined:{}:<run>", "that of the records",
                   "set", "-", "never",
                   "the names of the quarantine keys of that run, so that they can be listed and counted. A name may "
                   "stand here whose key is gone, or was never made",
                   "who puts a record into quarantine, right before it does (behind it, in the one case where only the "
                   "reply says that there was a loser)",
                   "people, together with the quarantine keys"},
};

std::string code(std::string_view text) {
  const auto end = text.find(';');
  return "`" + std::string(text.substr(0, end)) + "`" + std::string(end == text.npos ? "" : text.substr(end));
}

}  // namespace

std::span<const ReservedKeyRow> reserved_keys() noexcept { return rows; }

const ReservedKeyRow& reserved_key_row(ReservedKey key) noexcept { return rows[static_cast<std::size_t>(key)]; }

std::string formats_page() {
  std::string out =
      "# What Keyshift keeps in Redis\n\n"
      "Everything it writes for itself begins with `keyshift:`. The names are `keyshift:<kind>:{<tag>}:<rest>`, where "
      "the tag\nputs the key into the hash slot where it is wanted. `<run>` is the name of the migration, or `--run`. "
      "Apps can neither\nname such keys nor see them; people and tools that speak to Redis itself can.\n\n"
      "This page is generated from the one list in `src/migration/reserved_keys.cpp`.\n";
  for (const ReservedKeyRow& row : rows) {
    out.append("\n## ").append(row.kind).append("\n\n| | |\n|---|---|\n");
    const auto line = [&out](std::string_view what, std::string_view text) {
      out.append("| ").append(what).append(" | ").append(text).append(" |\n");
    };
    line("name", code(row.name));
    line("database", row.database);
    line("type", row.type);
    line("version", row.version);
    line("expires", row.expires);
    line("holds", row.holds);
    line("written by", row.written_by);
    line("cleaned by", row.cleaned_by);
  }
  return out;
}

}  // namespace keyshift::migration
