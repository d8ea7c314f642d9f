#include "transforms/field_table.hpp"

#include <array>

namespace keyshift::transforms {

namespace {

using enum FieldType;

constexpr std::uint64_t kDay = 24ULL * 60 * 60 * 1000;
constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;
constexpr std::string_view kTypes = "string list set zset hash stream";

// clang-format off
constexpr std::array kFields{
  FieldRow{"apiVersion", choice, true, "", 0, 0, "keyshift.io/v1alpha1", "the format of this file"},
  FieldRow{"kind", choice, true, "", 0, 0, "Migration", "what this file is"},
  FieldRow{"metadata", map, true, "", 0, 0, "", "as in every Kubernetes resource"},
  FieldRow{"metadata.name", name, true, "", 0, 0, "", "name of the migration; part of the names of its reserved keys"},
  FieldRow{"metadata.namespace", name, false, "", 0, 0, "", "for Kubernetes; not looked at here"},
  FieldRow{"metadata.labels", labels, false, "", 0, 0, "", "for Kubernetes; not looked at here"},
  FieldRow{"metadata.annotations", labels, false, "", 0, 0, "", "for Kubernetes; not looked at here"},
  FieldRow{"spec", map, true, "", 0, 0, "", "the migration itself"},
  FieldRow{"spec.from", map, true, "", 0, 0, "", "the schema that the data has before"},
  FieldRow{"spec.from.schema", name, true, "", 0, 0, "", "name of the schema"},
  FieldRow{"spec.from.version", version, true, "", 0, 0, "", "version of the schema"},
  FieldRow{"spec.to", map, true, "", 0, 0, "", "the schema that the data has afterwards"},
  FieldRow{"spec.to.schema", name, true, "", 0, 0, "", "name of the schema"},
  FieldRow{"spec.to.version", version, true, "", 0, 0, "", "version of the schema"},
  FieldRow{"spec.source", map, true, "", 0, 0, "", "the Redis that holds the data"},
  FieldRow{"spec.source.url", url, true, "", 0, 0, "", "its URL, without a password; the rules hold in the database that it names"},
  FieldRow{"spec.source.passwordFrom", map, false, "", 0, 0, "", "where the password is: one of the three"},
  FieldRow{"spec.source.passwordFrom.file", text, false, "", 0, 0, "", "a file whose first line is the password"},
  FieldRow{"spec.source.passwordFrom.env", text, false, "", 0, 0, "", "an environment variable of the process"},
  FieldRow{"spec.source.passwordFrom.secretKeyRef", map, false, "", 0, 0, "", "a key of a Kubernetes Secret"},
  FieldRow{"spec.source.passwordFrom.secretKeyRef.name", text, true, "", 0, 0, "", "name of the Secret"},
  FieldRow{"spec.source.passwordFrom.secretKeyRef.key", text, true, "", 0, 0, "", "key in the Secret"},
  FieldRow{"spec.target", later, false, "", 0, 0, "", "moves to another store are not there yet: leave `target` out, and records stay in the source"},
  FieldRow{"spec.rules", list, true, "", 1, 500, "", "one entry per family of records"},
  FieldRow{"spec.rules[]", map, true, "", 0, 0, "", "one family: how its keys are named before and afterwards"},
  FieldRow{"spec.rules[].name", name, true, "", 0, 0, "", "name of the rule, in errors, metrics and status"},
  FieldRow{"spec.rules[].from", map, true, "", 0, 0, "", "the family in the old schema"},
  FieldRow{"spec.rules[].from.key", pattern, true, "", 0, 0, "", "key pattern"},
  FieldRow{"spec.rules[].from.type", choice, false, "", 0, 0, kTypes, "Redis type of the records; left out: any"},
  FieldRow{"spec.rules[].to", map, true, "", 0, 0, "", "the family in the new schema"},
  FieldRow{"spec.rules[].to.key", pattern, true, "", 0, 0, "", "key pattern with the same captures"},
  FieldRow{"spec.rules[].to.type", choice, false, "", 0, 0, kTypes, "Redis type afterwards; the same one for now"},
  FieldRow{"spec.rules[].transforms", later, false, "", 0, 0, "", "value transforms are not there yet: rules rename keys and leave values as they are"},
  FieldRow{"spec.sweep", map, false, "", 0, 0, "", "how fast the sweeper moves what nobody touches"},
  FieldRow{"spec.sweep.max_keys_per_second", integer, false, "20000", 0, 100'000'000, "", "keys per second at most; 0: no limit"},
  FieldRow{"spec.sweep.max_server_latency_ms", number, false, "2", 0, 60'000, "", "milliseconds that the server may take to answer before the sweep slows down"},
  FieldRow{"spec.verify", map, false, "", 0, 0, "", "how old and new are compared"},
  FieldRow{"spec.verify.mode", choice, false, "full", 0, 0, "full", "full: every record"},
  FieldRow{"spec.backup", map, false, "", 0, 0, "", "the backup that gates ask for"},
  FieldRow{"spec.backup.provider", choice, false, "none", 0, 0, "rdb logical volumeSnapshot velero restic customResource job none", "who takes it"},
  FieldRow{"spec.backup.directory", text, false, "", 0, 0, "", "where it is put"},
  FieldRow{"spec.backup.max_age", duration, false, "15m", 1, 365 * kDay, "", "how old it may be at a gate"},
  FieldRow{"spec.backup.before", list, false, "", 0, 2, "", "the gates that ask for it"},
  FieldRow{"spec.backup.before[]", choice, true, "", 0, 0, "start cutover", "a gate"},
  FieldRow{"spec.cutover", map, false, "", 0, 0, "", "the point of no return"},
  FieldRow{"spec.cutover.mode", choice, false, "manual", 0, 0, "manual auto", "who decides"},
  FieldRow{"spec.cutover.reverse_window", duration, false, "24h", 0, 365 * kDay, "", "how long the way back stays open after it"},
  FieldRow{"spec.bypass", map, false, "", 0, 0, "", "clients of the Redis that do not go through Keyshift"},
  FieldRow{"spec.bypass.policy", choice, false, "wait", 0, 0, "wait", "wait: such a client holds up start and cutover"},
  FieldRow{"spec.bypass.allow", list, false, "", 0, 1000, "", "clients that are tolerated"},
  FieldRow{"spec.bypass.allow[]", map, true, "", 0, 0, "", "by one of user, address, name, library"},
  FieldRow{"spec.bypass.allow[].user", text, false, "", 0, 0, "", "ACL user"},
  FieldRow{"spec.bypass.allow[].addr", text, false, "", 0, 0, "", "address, with or without port, or a network: 10.0.3.7, 10.0.3.7:9121, 10.0.0.0/8; or the path of a unix socket"},
  FieldRow{"spec.bypass.allow[].name", text, false, "", 0, 0, "", "name of the connection (CLIENT SETNAME); a * at its end stands for anything"},
  FieldRow{"spec.bypass.allow[].lib", text, false, "", 0, 0, "", "client library, as Redis 7.2 and later show it (lib-name); a * at its end stands for anything"},
  FieldRow{"spec.policy", map, false, "", 0, 0, "", "what to do where more than one thing could be done"},
  FieldRow{"spec.policy.conflict", choice, false, "keep-new", 0, 0, "keep-new keep-old stop", "both names of a record exist: which one stays; the other goes to quarantine"},
  FieldRow{"spec.policy.transform_error", choice, false, "serve-old", 0, 0, "serve-old refuse", "a value that cannot be transformed"},
  FieldRow{"spec.policy.untranslatable", choice, false, "scratch", 0, 0, "scratch refuse", "a command that cannot be said in the other form"},
  FieldRow{"spec.policy.other_view", choice, false, "refuse", 0, 0, "refuse alias", "a name of the other schema version"},
  FieldRow{"spec.policy.flush", choice, false, "refuse", 0, 0, "refuse allow", "FLUSHDB and FLUSHALL"},
  FieldRow{"spec.limits", map, false, "", 0, 0, "", "bounds"},
  FieldRow{"spec.limits.hold", duration, false, "2s", 1, 60'000, "", "how long commands may be held"},
  FieldRow{"spec.limits.big_value", size, false, "1MiB", 1, 512 * kGiB, "", "records above it are big: announced in a plan, moved with care"},
  FieldRow{"spec.limits.rehearsal_failures", integer, false, "0", 0, 1'000'000'000, "", "records that may fail in the rehearsal of the way back"},
};
// clang-format on

}  // namespace

std::span<const FieldRow> migration_fields() noexcept { return kFields; }

const FieldRow* field_row(std::string_view path) noexcept {
  for (const FieldRow& row : kFields) {
    if (row.path == path) return &row;
  }
  return nullptr;
}

std::string_view field_parent(const FieldRow& row) noexcept {
  if (row.path.ends_with("[]")) return row.path.substr(0, row.path.size() - 2);
  const std::size_t dot = row.path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : row.path.substr(0, dot);
}

std::string_view field_name(const FieldRow& row) noexcept {
  const std::size_t dot = row.path.rfind('.');
  const std::string_view name = dot == std::string_view::npos ? row.path : row.path.substr(dot + 1);
  return name.ends_with("[]") ? name.substr(0, name.size() - 2) : name;
}

}  // namespace keyshift::transforms
