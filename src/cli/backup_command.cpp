#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/backup_list.hpp"
#include "cli/command_line.hpp"
#include "cli/option_values.hpp"
#include "cli/startup.hpp"
#include "driver/backup.hpp"
#include "driver/backup_catalog.hpp"

namespace keyshift::cli {
namespace {

volatile std::sig_atomic_t asked_to_stop = 0;

void ask_to_stop(int) { asked_to_stop = 1; }

/// Progress on a terminal, nothing in a pipe; Ctrl-C stops, and what is half done is removed.
class Watch {
 public:
  Watch() {
    std::signal(SIGINT, ask_to_stop);
    std::signal(SIGTERM, ask_to_stop);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may grow no more is an error of write() like a full disk
  }
  ~Watch() {
    if (terminal_) std::fprintf(stderr, "\r\033[K");
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  bool operator()(const driver::BackupProgress& now) {
    if (terminal_) std::fprintf(stderr, "\r\033[K%s", backup_progress_line(now).c_str());
    return asked_to_stop == 0;
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
};

std::string user_and_host() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  const char* user = std::getenv("USER");
  return (user != nullptr && *user != '\0' ? std::string(user) : std::to_string(::getuid())) + "@" + host;
}

driver::BackupActor actor(const std::string& name) { return {name, user_and_host(), KEYSHIFT_VERSION}; }

/// What `keyshift backup` was asked for, beyond the settings that all commands of operators share.
struct Request {
  const Invocation& invocation;
  std::string directory;
  std::optional<transforms::MigrationFile> migration;
  std::shared_ptr<const transforms::RuleSet> rules;
  control::BackupRetention retention;

  [[nodiscard]] std::string own(const std::string& option) const {
    return invocation.has(option) ? invocation.own.at(option) : std::string();
  }
  /// The name that was given; of a path, what names the backup: neither folder nor extension.
  [[nodiscard]] std::string backup() const {
    const std::string word = invocation.words.size() > 1 ? invocation.words[1] : std::string();
    const std::string file = word.substr(word.rfind('/') + 1);
    for (const std::string_view extension : {".rdb", ".ksb", ".json"})
      if (file.ends_with(extension)) return file.substr(0, file.size() - extension.size());
    return file;
  }
  [[nodiscard]] std::string folder() const {
    const std::string word = invocation.words.size() > 1 ? invocation.words[1] : std::string();
    const auto slash = word.rfind('/');
    return slash == word.npos ? std::string() : word.substr(0, std::max<std::size_t>(slash, 1));
  }
  [[nodiscard]] std::string shared(const char* option) const {
    const auto found = invocation.options.find(option);
    return found == invocation.options.end() ? std::string() : found->second.values.front();
  }
};

Result<void> read_retention(Request& request) {
  if (const std::string keep = request.own("keep"); !keep.empty()) {
    const auto count = read_number(keep);
    if (!count || *count == 0) return fail(ErrorCode::usage, "--keep wants a number above 0");
    request.retention.keep = *count;
  }
  if (const std::string age = request.own("max-age"); !age.empty()) {
    const auto limit = read_milliseconds(age);
    if (!limit || *limit == 0) return fail(ErrorCode::usage, "--max-age wants a time such as 30m or 24h");
    request.retention.max_age = milliseconds(*limit);
  }
  return {};
}

Result<Request> read_request(const Invocation& invocation) {
  Request out{invocation, {}, {}, {}, {}};
  if (const std::string path = out.shared("migration"); !path.empty()) {
    auto file = load_migration(path);
    if (!file) return file.error();
    out.migration = std::move(*file);
    out.rules = std::make_shared<const transforms::RuleSet>(*out.migration);
  }
  out.directory = out.own("directory");
  if (out.directory.empty()) out.directory = out.folder();
  if (out.directory.empty() && out.migration) out.directory = out.migration->backup.directory;
  if (out.directory.empty())
    return fail(ErrorCode::usage,
                "where? give --directory DIR, a backup by its path, or a --migration FILE with spec.backup.directory");
  if (const auto kept = read_retention(out); !kept) return kept.error();
  return out;
}

void print(const control::BackupManifest& manifest, bool json) {
  if (json) {
    std::fputs(control::encode(manifest).c_str(), stdout);
    return;
  }
  std::string out = manifest.name + ": " + size_in_words(manifest.bytes) + ", sha256 " + manifest.sha256;
  if (manifest.proof) {
    out += manifest.proven() ? "\nproven: " + std::to_string(manifest.proof->keys) + " keys came out of it"
                             : "\nNOT proven: " + printable(manifest.proof->detail, 2000);
    if (manifest.proof->expired > 0) out += ", " + std::to_string(manifest.proof->expired) + " had expired since";
  } else {
    out += "\nnot proven yet (keyshift backup prove " + manifest.name + ")";
  }
  std::puts(out.c_str());
}

Result<control::BackupManifest> prove(const Request& request, const std::string& name, const std::string& run) {
  driver::BackupProofOptions options{request.directory, name, run, {}, request.rules, actor("backup")};
  Watch watch;
  return driver::prove_backup(options, std::ref(watch));
}

/// Removes what is superseded; says so.
Result<void> retain(const Request& request) {
  if (request.retention.keep == 0 && request.retention.max_age.count() == 0) return {};
  const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  const auto removed = driver::retain_backups(driver::BackupCatalog(request.directory), request.retention, now);
  if (!removed) return removed.error();
  for (const std::string& name : *removed)
    std::fprintf(stderr, "removed %s, which a proven one has superseded\n", name.c_str());
  return {};
}

Result<control::BackupProvider> provider_of(const Request& request) {
  std::string word = request.own("provider");
  if (word.empty() && request.migration && request.migration->backup.provider != "none")
    word = request.migration->backup.provider;
  if (word.empty()) word = "rdb";
  const auto known = control::backup_provider_of(word);
  if (known) return *known;
  return fail(ErrorCode::usage, "the provider " + printable(word, 32) + " is not served here: rdb and logical are");
}

int create(const Request& request) {
  const auto startup = prepare(request.invocation.options);
  if (!startup) return report(startup.error());
  const auto provider = provider_of(request);
  if (!provider) return report(provider.error());
  driver::BackupOptions options{startup->upstream, request.directory, startup->run,
                                *provider,         request.rules,     actor(startup->name)};
  auto made = [&] {
    Watch watch;
    return driver::create_backup(options, std::ref(watch));
  }();
  if (made && request.invocation.has("prove")) made = prove(request, made->name, startup->run);
  if (!made) return report(made.error());
  print(*made, request.invocation.has("json"));
  if (made->proof && !made->proven()) return kFailed;
  const auto retained = retain(request);
  return retained ? kDone : report(retained.error());
}

int prove(const Request& request) {
  const auto proven = prove(request, request.backup(), request.shared("run"));
  if (!proven) return report(proven.error());
  print(*proven, request.invocation.has("json"));
  return proven->proven() ? kDone : kFailed;
}

int list(const Request& request) {
  const auto listing = driver::BackupCatalog(request.directory).list();
  if (!listing) return report(listing.error());
  const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  const nlohmann::json document = backup_document(*listing, now);
  std::fputs((request.invocation.has("json") ? document.dump(2) + "\n" : backup_table(document)).c_str(), stdout);
  return kDone;
}

int restore(const Request& request) {
  const auto startup = prepare(request.invocation.options);
  if (!startup) return report(startup.error());
  const Invocation& asked = request.invocation;
  driver::RestoreOptions options{startup->upstream,   request.directory,    request.backup(),
                                 asked.has("force"),  asked.has("replace"), asked.has("control-keys"),
                                 actor(startup->name)};
  const auto counts = [&] {
    Watch watch;
    return driver::restore_backup(options, std::ref(watch));
  }();
  if (!counts) return report(counts.error());
  const nlohmann::json document = {{"restored", counts->restored},
                                   {"kept", counts->kept},
                                   {"control_keys_left_out", counts->control},
                                   {"expired", counts->expired}};
  const std::string text = std::to_string(counts->restored) + " keys restored, " + std::to_string(counts->kept) +
                           " were there already and stay as they were, " + std::to_string(counts->expired) +
                           " have expired, " + std::to_string(counts->control) + " of Keyshift's own left out";
  std::puts((asked.has("json") ? document.dump(2) : text).c_str());
  return counts->kept == 0 ? kDone : kFailed;
}

struct Action {
  std::string_view name;
  std::size_t most_words;  ///< itself included
  int (*run)(const Request&);
};
constexpr Action actions[] = {{"create", 1, create}, {"list", 1, list}, {"prove", 2, prove}, {"restore", 2, restore}};

}  // namespace

int run_backup(const Invocation& invocation) {
  const std::string word = invocation.words.empty() ? std::string() : invocation.words.front();
  for (const Action& action : actions) {
    if (action.name != word || invocation.words.size() > action.most_words) continue;
    const auto request = read_request(invocation);
    return request ? action.run(*request) : report(request.error());
  }
  return report(
      fail(ErrorCode::usage, "backup wants create, list, prove [NAME] or restore [NAME] (see keyshift help backup)"));
}

}  // namespace keyshift::cli
