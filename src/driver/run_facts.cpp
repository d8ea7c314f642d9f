// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/run_facts.hpp"

#include <map>

#include "control/backup_gate.hpp"
#include "control/bypass.hpp"
#include "control/spec.hpp"
#include "driver/backup_catalog.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"
#include "resp/number.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
std::map<Bytes, Bytes> fields_of(const resp::Reply& reply) {
  std::map<Bytes, Bytes> out;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2)
    out[Bytes(reply.elements[i].text)] = Bytes(reply.elements[i + 1].text);
  return out;
}

namespace {

/// The time in the id of a stream entry, "<milliseconds>-<n>".
std::optional<UnixMillis> time_of(BytesView id) {
  const auto millis = resp::read_integer(id.substr(0, id.find('-')));
  if (!millis) return std::nullopt;
  return UnixMillis(std::chrono::milliseconds(*millis));
}

/// When the run came to its cutover: the newest audit entry that says so.
std::optional<UnixMillis> cut_over_at(const resp::Reply& entries, BytesView run) {
  for (const resp::Reply& entry : entries.elements) {
    if (entry.elements.size() != 2) continue;
    const auto fields = fields_of(entry.elements[1]);
    const auto is = [&fields](const char* name, BytesView value) {
      const auto found = fields.find(name);
      return found != fields.end() && found->second == value;
    };
    if (is("what", "cutover") && is("run", run)) return time_of(entry.elements[0].text);
  }
  return std::nullopt;
}

/// Of start and rollback, which was asked for last.
bool turned_back(const resp::Reply& entries, BytesView run) {
  for (const resp::Reply& entry : entries.elements) {
    if (entry.elements.size() != 2) continue;
    const auto fields = fields_of(entry.elements[1]);
    const auto what = fields.find("what"), whose = fields.find("run");
    if (what == fields.end() || whose == fields.end() || whose->second != run) continue;
    if (what->second == "rollback" || what->second == "start") return what->second == "rollback";
  }
  return false;
}

/// What is wrong with the backups that the gates of this run ask for; empty: one of them will do.
std::string backup_trouble(const MeantRun& run, const std::string& store, UnixMillis now) {
  const transforms::Backup& wanted = run.spec.backup;
  if (wanted.directory.empty()) return "spec.backup.directory does not say where they are";
  const auto listing = BackupCatalog(wanted.directory).list();
  if (!listing) return listing.error().what;
  const auto verdict = control::judge_backups(listing->backups, {now, wanted.max_age, run.entry.name, store});
  if (verdict.ok) return {};
  std::string out;
  for (const control::BackupReason& reason : verdict.reasons)
    out += (out.empty() ? "" : "; ") + std::string(code(reason.obstacle)) +
           (reason.backup.empty() ? "" : " " + reason.backup) + ": " + reason.what;
  return out;
}

}  // namespace

Result<MeantRun> understood(const ControlState& state, const control::RunEntry& entry) {
  const auto text = state.specs.find(entry.spec);
  if (text == state.specs.end())
    return fail(ErrorCode::control, "the spec of the run " + entry.name + " is missing at the store (" +
                                        migration::spec_name(entry.spec) + ")");
  auto spec = control::read_spec(text->second);
  if (!spec) return spec.error();
  return MeantRun{entry, std::move(*spec)};
}

asio::awaitable<Result<std::vector<resp::Reply>>> ask_all(FleetStore& store, Commands commands) {
  const auto primary = co_await store.primary();
  if (!primary) co_return primary.error();
  Bytes out;
  for (const auto& argv : commands) {
    const std::vector<BytesView> views(argv.begin(), argv.end());
    resp::append_command(out, views);
  }
  co_return co_await (*primary)->ask(std::move(out), commands.size());
}

asio::awaitable<Result<ProxyReports>> read_reports(FleetStore& store, std::string_view clients) {
  ProxyReports out;
  out.proxies = control::proxies_of(clients);
  Commands commands;
  for (const std::string& proxy : out.proxies) commands.push_back({"GET", migration::report_name(proxy)});
  if (commands.empty()) co_return out;
  const auto replies = co_await ask_all(store, std::move(commands));
  if (!replies) co_return replies.error();
  for (const resp::Reply& reply : *replies)
    out.reports.push_back(reply.textual() ? control::read_proxy_report(reply.text) : std::nullopt);
  co_return out;
}

asio::awaitable<Result<control::GateFacts>> gather_facts(FleetStore& store, const control::Change& cur,
                                                         const MeantRun& run) {
  control::GateFacts out;
  out.run = &run.entry;
  out.era = cur.era;
  out.now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto primary = co_await store.primary();
  if (!primary) co_return primary.error();
  const auto info = co_await store::ask_info(**primary);
  if (!info) co_return info.error();
  out.server = info->identity.run_id + "/" + info->identity.master_replid;
  Commands commands{{"HGETALL", migration::run_notes_name(run.entry.id)},
                    {"CLIENT", "LIST"},
                    {"XREVRANGE", migration::audit_name(), "+", "-", "COUNT", "1000"},
                    {"GET", migration::store_id_name()},
                    {"GET", migration::backup_mark_name()}};
  const auto replies = co_await ask_all(store, std::move(commands));
  if (!replies) co_return replies.error();
  if (run.spec.backup.before_start || run.spec.backup.before_cutover)
    out.backup_trouble = backup_trouble(run, Bytes(replies->at(3).text), out.now);
  out.notes = control::read_notes(fields_of(replies->at(0)));
  if (replies->at(1).textual()) {
    out.bypass.emplace();
    for (const control::BypassClient& client : control::bypass_clients(replies->at(1).text, 0, run.spec.bypass_allow))
      out.bypass->push_back(control::text(client));
    const auto reports = co_await read_reports(store, replies->at(1).text);
    if (reports) out.old_view = control::with_old_view(reports->proxies, reports->reports);
  }
  if (!replies->at(2).error()) out.cut_over_at = cut_over_at(replies->at(2), run.entry.id);
  out.turned_back = turned_back(replies->at(2), run.entry.id);
  if (replies->at(4).textual() && !replies->at(4).error()) out.backup_running = printable(replies->at(4).text, 200);
  co_return out;
}

asio::awaitable<Result<void>> write_notes(FleetStore& store, Bytes run, std::vector<std::pair<Bytes, Bytes>> fields,
                                          std::vector<std::pair<Bytes, Bytes>> audit) {
  const Bytes key = migration::run_notes_name(run);
  Commands commands{{"MULTI"}};
  for (const auto& [name, value] : fields)
    commands.push_back(value.empty() ? std::vector<Bytes>{"HDEL", key, name}
                                     : std::vector<Bytes>{"HSET", key, name, value});
  std::vector<Bytes> entry{"XADD", migration::audit_name(), "MAXLEN", "~", "10000", "*"};
  for (const auto& [name, value] : audit) entry.insert(entry.end(), {name, value});
  if (!audit.empty()) commands.push_back(std::move(entry));
  commands.push_back({"EXEC"});
  const auto replies = co_await ask_all(store, std::move(commands));
  if (!replies) co_return replies.error();
  if (replies->back().error()) co_return fail(ErrorCode::store, "the server refuses: " + Bytes(replies->back().text));
  co_return Result<void>();
}

}  // namespace keyshift::driver
