#include "control/spec.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "transforms/source_url.hpp"

namespace keyshift::control {
namespace {

using nlohmann::json;
using transforms::MigrationFile;
using transforms::Policy;

constexpr BytesView kHead = "keyshift-spec ";
constexpr BytesView kFormat = "1";

std::string millis(std::chrono::milliseconds time) { return std::to_string(time.count()) + "ms"; }

/// Only what rules depend on: the kind of store and the database.
std::string address_free(const std::string& url) {
  const auto read = transforms::read_source_url(url);
  if (read && read->kind == transforms::SourceUrl::Kind::cluster) return "redis+cluster://store:6379";
  return "redis://store:6379/" + std::to_string(transforms::database_of(url));
}

json rules_document(const MigrationFile& file) {
  json rules = json::array();
  for (const transforms::Rule& rule : file.rules) {
    json one{{"name", rule.name}, {"from", {{"key", rule.from.text()}}}, {"to", {{"key", rule.to.text()}}}};
    if (!rule.type.empty()) one["from"]["type"] = rule.type;
    rules.push_back(std::move(one));
  }
  return rules;
}

json policy_document(const Policy& policy) {
  const bool keep_old = policy.conflict == Policy::Conflict::keep_old;
  return {{"conflict", policy.conflict == Policy::Conflict::stop ? "stop"
                       : keep_old                                ? "keep-old"
                                                                 : "keep-new"},
          {"other_view", policy.other_view == Policy::OtherView::alias ? "alias" : "refuse"},
          {"flush", policy.flush == Policy::Flush::allow ? "allow" : "refuse"},
          {"transform_error", policy.transform_error == Policy::TransformError::refuse ? "refuse" : "serve-old"},
          {"untranslatable", policy.untranslatable == Policy::Untranslatable::refuse ? "refuse" : "scratch"}};
}

json backup_document(const transforms::Backup& backup) {
  json out{{"provider", backup.provider}, {"max_age", millis(backup.max_age)}, {"before", json::array()}};
  if (!backup.directory.empty()) out["directory"] = backup.directory;
  if (backup.before_start) out["before"].push_back("start");
  if (backup.before_cutover) out["before"].push_back("cutover");
  return out;
}

json allow_document(const MigrationFile& file) {
  json out = json::array();
  for (const transforms::AllowedClient& client : file.bypass_allow) {
    json entry = json::object();
    if (!client.user.empty()) entry["user"] = client.user;
    if (!client.addr.empty()) entry["addr"] = client.addr;
    if (!client.name.empty()) entry["name"] = client.name;
    if (!client.library.empty()) entry["lib"] = client.library;
    out.push_back(std::move(entry));
  }
  return out;
}

/// The whole migration as the file has it. nlohmann's objects are sorted by name, so the text is canonical.
json document(const MigrationFile& file) {
  const double latency = static_cast<double>(file.sweep.max_server_latency.count()) / 1000;
  json spec{
      {"from", {{"schema", file.from.schema}, {"version", file.from.version}}},
      {"to", {{"schema", file.to.schema}, {"version", file.to.version}}},
      {"source", {{"url", address_free(file.source.url)}}},
      {"rules", rules_document(file)},
      {"sweep", {{"max_keys_per_second", file.sweep.max_keys_per_second}, {"max_server_latency_ms", latency}}},
      {"backup", backup_document(file.backup)},
      {"cutover",
       {{"mode", file.cutover.automatic ? "auto" : "manual"}, {"reverse_window", millis(file.cutover.reverse_window)}}},
      {"bypass", {{"allow", allow_document(file)}}},
      {"policy", policy_document(file.policy)},
      {"limits",
       {{"hold", millis(file.hold_limit)},
        {"big_value", std::to_string(file.big_value) + "B"},
        {"rehearsal_failures", file.rehearsal_failures}}}};
  return {{"apiVersion", "keyshift.io/v1alpha1"},
          {"kind", "Migration"},
          {"metadata", {{"name", file.name}}},
          {"spec", std::move(spec)}};
}

BytesView cut(BytesView& text, char mark) noexcept {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text = at == text.npos ? BytesView() : text.substr(at + 1);
  return head;
}

bool read_number(BytesView text, std::size_t& value) noexcept {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

/// "<length> <bytes> <length> <bytes>".
bool read_family(BytesView line, SpecFamilies& out) {
  std::pair<std::string, std::string> family;
  for (std::string* side : {&family.first, &family.second}) {
    std::size_t length = 0;
    if (!read_number(cut(line, ' '), length) || length > line.size()) return false;
    *side = line.substr(0, length);
    line.remove_prefix(length);
    if (line.starts_with(' ')) line.remove_prefix(1);
  }
  out.patterns.push_back(std::move(family));
  return line.empty();
}

Error damaged(const std::string& what) { return fail(ErrorCode::control, "the spec of the run " + what); }

/// Takes the lines that every version has from `bytes`.
Result<SpecFamilies> take_families(BytesView& bytes) {
  SpecFamilies out;
  if (!bytes.starts_with(kHead)) return damaged("is not one of keyshift's");
  (void)cut(bytes, '\n');
  std::size_t database = 0;
  auto line = cut(bytes, '\n');
  if (cut(line, ' ') != "database" || !read_number(line, database) || database > 0x7fffffff)
    return damaged("names no database");
  out.database = static_cast<int>(database);
  while (bytes.starts_with("family ")) {
    line = cut(bytes, '\n');
    line.remove_prefix(7);
    if (!read_family(line, out)) return damaged("has a family that makes no sense");
  }
  if (out.patterns.empty()) return damaged("names no family");
  return out;
}

Result<MigrationFile> read_document(std::string_view text) {
  auto read = transforms::read_migration(text);
  if (read.migration) return std::move(*read.migration);
  return damaged("is not understood by this version (use the one that wrote it): " + read.diagnostics.front().what);
}

}  // namespace

Bytes encode_spec(const MigrationFile& file) {
  Bytes out = Bytes(kHead) + Bytes(kFormat) + "\n";
  out += "database " + std::to_string(transforms::database_of(file.source.url)) + "\n";
  for (const transforms::Rule& rule : file.rules) {
    const auto& from = rule.from.text();
    const auto& to = rule.to.text();
    out += "family " + std::to_string(from.size()) + " " + from + " " + std::to_string(to.size()) + " " + to + "\n";
  }
  return out + "document " + document(file).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<SpecFamilies> read_spec_families(BytesView bytes) { return take_families(bytes); }

Result<MigrationFile> read_spec(BytesView bytes) {
  const auto head = bytes.substr(0, bytes.find('\n'));
  auto families = take_families(bytes);
  if (!families) return families.error();
  if (head != Bytes(kHead) + Bytes(kFormat))
    return damaged("has format " + printable(head.substr(kHead.size()), 16) + ", this program knows " +
                   std::string(kFormat) + " (use the version that wrote it)");
  if (!bytes.starts_with("document ") || !bytes.ends_with('\n')) return damaged("lacks its document");
  return read_document(bytes.substr(9));
}

Result<MigrationFile> scope_only(const SpecFamilies& families) {
  MigrationFile bare;
  bare.name = "unknown";
  bare.from = {"unknown", "1.0.0"};
  bare.to = {"unknown", "2.0.0"};
  bare.backup.max_age = std::chrono::minutes(15);
  bare.source.url = "redis://store:6379/" + std::to_string(families.database);
  json rules = json::array();
  for (const auto& [from, to] : families.patterns)
    rules.push_back(
        {{"name", "family-" + std::to_string(rules.size() + 1)}, {"from", {{"key", from}}}, {"to", {{"key", to}}}});
  json whole = document(bare);
  whole["spec"]["rules"] = std::move(rules);
  return read_document(whole.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace keyshift::control
