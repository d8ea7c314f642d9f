#include "control/backup_manifest.hpp"

#include <nlohmann/json.hpp>

#include "control/backup_fault.hpp"

namespace keyshift::control {
namespace {

using nlohmann::json;

std::int64_t millis(UnixMillis time) { return time.time_since_epoch().count(); }

/// Reads fields of an object one by one; remembers the first that is not what it should be.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  void text(const char* key, std::string& out) {
    if (const json* found = find(key, &json::is_string)) out = found->get<std::string>();
  }
  void count(const char* key, std::uint64_t& out) {
    if (const json* found = find(key, &json::is_number_unsigned)) out = found->get<std::uint64_t>();
  }
  void number(const char* key, std::int64_t& out) {
    if (const json* found = find(key, &json::is_number_integer)) out = found->get<std::int64_t>();
  }
  void number(const char* key, int& out) {
    std::int64_t wide = 0;
    number(key, wide);
    if (wide < 0 || wide > 1'000'000) wrong_ = wrong_.empty() ? key : wrong_;
    out = static_cast<int>(wide);
  }
  void time(const char* key, UnixMillis& out) {
    std::int64_t wide = 0;
    number(key, wide);
    out = UnixMillis(milliseconds(wide));
  }
  /// Every element of a list, each an object.
  template <class Read>
  void each(const char* key, Read read) {
    const json* found = find(key, &json::is_array);
    if (found == nullptr) return;
    for (const json& element : *found) {
      Fields fields(element);
      read(fields);
      take_over(key, fields);
    }
  }
  template <class Read>
  void object(const char* key, Read read) {
    const json* found = find(key, &json::is_object);
    if (found == nullptr) return;
    Fields fields(*found);
    read(fields);
    take_over(key, fields);
  }
  [[nodiscard]] bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const json* find(const char* key, bool (json::*is)() const noexcept) {
    const auto found = object_.is_object() ? object_.find(key) : object_.end();
    if (object_.is_object() && found != object_.end() && ((*found).*is)()) return &*found;
    if (wrong_.empty()) wrong_ = key;
    return nullptr;
  }
  void take_over(const char* key, const Fields& inner) {
    if (wrong_.empty() && !inner.wrong_.empty()) wrong_ = std::string(key) + "." + inner.wrong_;
  }

  const json& object_;
  std::string wrong_;
};

json proof_of(const BackupProof& proof) {
  return {{"result", proof.code.empty() ? "proven" : "failed"},
          {"code", proof.code},
          {"detail", proof.detail},
          {"at", millis(proof.at)},
          {"by", proof.by},
          {"server", proof.server},
          {"keys", proof.keys},
          {"expired", proof.expired}};
}

void read_proof(Fields& fields, BackupProof& out) {
  fields.text("code", out.code);
  fields.text("detail", out.detail);
  fields.time("at", out.at);
  fields.text("by", out.by);
  fields.text("server", out.server);
  fields.count("keys", out.keys);
  fields.count("expired", out.expired);
}

void read_stamp_fields(Fields& fields, BackupStamp& out) {
  fields.text("run", out.run);
  fields.text("store", out.store);
  fields.text("word", out.word);
  fields.time("written", out.written);
}

void read_server(Fields& fields, BackupManifest& out) {
  fields.text("run_id", out.server_run_id);
  fields.text("version", out.server_version);
  fields.text("replication_id", out.replication_id);
  fields.number("replication_offset", out.replication_offset);
  fields.number("databases", out.databases);
}

void read_counts(Fields& fields, BackupManifest& out) {
  fields.each("keys", [&out](Fields& each) {
    DatabaseKeys keys;
    each.number("database", keys.database);
    each.count("before", keys.before);
    each.count("after", keys.after);
    out.keys.push_back(keys);
  });
  fields.each("rules", [&out](Fields& each) {
    RuleRecords rule;
    each.text("rule", rule.rule);
    each.count("records", rule.records);
    out.rules.push_back(std::move(rule));
  });
}

/// A file in the same directory and nowhere else, whoever wrote the manifest.
bool plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

std::string_view name(BackupProvider provider) noexcept { return provider == BackupProvider::rdb ? "rdb" : "logical"; }

std::optional<BackupProvider> backup_provider_of(std::string_view name_of_provider) noexcept {
  for (const BackupProvider provider : {BackupProvider::rdb, BackupProvider::logical})
    if (name(provider) == name_of_provider) return provider;
  return std::nullopt;
}

std::string encode(const BackupManifest& m) {
  json keys = json::array(), rules = json::array();
  for (const DatabaseKeys& k : m.keys)
    keys.push_back({{"database", k.database}, {"before", k.before}, {"after", k.after}});
  for (const RuleRecords& r : m.rules) rules.push_back({{"rule", r.rule}, {"records", r.records}});
  json out = {
      {"format", kManifestFormat},
      {"name", m.name},
      {"provider", name(m.provider)},
      {"file", m.file},
      {"bytes", m.bytes},
      {"sha256", m.sha256},
      {"stamp",
       {{"run", m.stamp.run}, {"store", m.stamp.store}, {"word", m.stamp.word}, {"written", millis(m.stamp.written)}}},
      {"server",
       {{"run_id", m.server_run_id},
        {"version", m.server_version},
        {"replication_id", m.replication_id},
        {"replication_offset", m.replication_offset},
        {"databases", m.databases}}},
      {"keys", std::move(keys)},
      {"rules", std::move(rules)},
      {"begun", millis(m.begun)},
      {"ended", millis(m.ended)},
      {"taken_by", m.taken_by},
      {"keyshift", m.version}};
  if (m.proof) out["proof"] = proof_of(*m.proof);
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<BackupManifest> read_manifest(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return fail(BackupFault::manifest, "it is not JSON");
  Fields fields(document);
  std::int64_t format = 0;
  fields.number("format", format);
  if (format != kManifestFormat)
    return fail(BackupFault::manifest,
                "it has format " + std::to_string(format) + ", this program reads " + std::to_string(kManifestFormat));
  BackupManifest out;
  std::string provider;
  fields.text("name", out.name);
  fields.text("provider", provider);
  fields.text("file", out.file);
  fields.count("bytes", out.bytes);
  fields.text("sha256", out.sha256);
  fields.object("stamp", [&out](Fields& stamp) { read_stamp_fields(stamp, out.stamp); });
  fields.object("server", [&out](Fields& server) { read_server(server, out); });
  read_counts(fields, out);
  fields.time("begun", out.begun);
  fields.time("ended", out.ended);
  fields.text("taken_by", out.taken_by);
  fields.text("keyshift", out.version);
  if (fields.has("proof")) fields.object("proof", [&out](Fields& proof) { read_proof(proof, out.proof.emplace()); });
  if (!fields.wrong().empty()) return fail(BackupFault::manifest, "its field " + fields.wrong() + " makes no sense");
  const auto known = backup_provider_of(provider);
  if (!known) return fail(BackupFault::manifest, "its provider " + printable(provider, 32) + " is not known here");
  out.provider = *known;
  if (!plain_name(out.name) || !plain_name(out.file))
    return fail(BackupFault::manifest, "its name or file is no plain file name");
  return out;
}

}  // namespace keyshift::control
