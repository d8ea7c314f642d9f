#include "cli/startup.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "cli/store_check.hpp"

#ifdef KEYSHIFT_PLANTED
#include "base/planted.hpp"
#endif

namespace keyshift::cli {
namespace {

constexpr std::size_t longest_file = 16 << 20;

std::string trimmed(std::string text) {
  const auto blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

Result<Settings> all_settings(const Layer& command_line) {
  const Layer environment = from_environment([](const char* name) { return std::getenv(name); });
  const Layer* const with_config[] = {&command_line, &environment};
  std::string config;
  for (const Layer* layer : with_config)
    if (const auto found = layer->find("config"); config.empty() && found != layer->end())
      config = found->second.values.front();
  if (config.empty()) return Settings::merge({command_line, environment});
  const auto text = read_file(config);
  if (!text) return text.error();
  ConfigRead read = read_config(*text, config);
  std::string errors;
  for (const std::string& error : read.errors) errors += (errors.empty() ? "" : "\n") + error;
  if (!errors.empty()) return fail(ErrorCode::file, errors);
  return Settings::merge({command_line, environment, read.layer});
}

/// The source that the migration file names, with the password from where the file says it is.
Result<store::Url> source_of(const transforms::MigrationFile& file) {
  auto url = store::Url::parse(file.source.url);
  if (!url) return fail(ErrorCode::file, "spec.source.url: " + url.error().what);
  const transforms::PasswordFrom& from = file.source.password;
  if (!from.env.empty()) {
    const char* password = std::getenv(from.env.c_str());
    if (password == nullptr) return fail(ErrorCode::usage, "the environment variable " + from.env + " is not set");
    url->password = password;
  } else if (!from.file.empty()) {
    auto password = read_file(from.file);
    if (!password) return password.error();
    url->password = trimmed(std::move(*password));
  }
  return url;
}

Result<store::Url> upstream_of(const Settings& settings, const transforms::MigrationFile* file) {
  const std::string& secret = settings.text("upstream-file");
  const Setting& plain = settings.at("upstream");
  if (plain.values.empty() && !secret.empty()) return store::read_secret_url(secret);
  if (!plain.values.empty()) {
    auto url = store::Url::parse(plain.values.front());
    if (!url) return fail(ErrorCode::usage, plain.where + ": " + url.error().what);
    if (plain.origin == Origin::command_line && url->carries_password()) return store::password_in_argv("--upstream");
    return url;
  }
  if (file != nullptr && !file->source.url.empty()) return source_of(*file);
  return fail(ErrorCode::usage,
              "which Redis? give --upstream URL, --upstream-file FILE or a --migration FILE with a source");
}

std::string host_and_process() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return std::string(host) + "-" + std::to_string(::getpid());
}

Result<void> read_files(Startup& out) {
  const Settings& settings = out.settings;
  if (const std::string& path = settings.text("migration"); !path.empty()) {
    auto file = load_migration(path);
    if (!file) return file.error();
    out.migration = std::move(*file);
    out.rules = std::make_shared<const transforms::RuleSet>(*out.migration);
  }
  if (const std::string& path = settings.text("admin-token-file"); !path.empty()) {
    auto token = read_file(path);
    if (!token) return token.error();
    out.admin_token = trimmed(std::move(*token));
    if (out.admin_token.empty()) return fail(ErrorCode::file, path + ": the token file is empty");
  }
  return {};
}

Result<void> check_together(const Startup& startup) {
  if (startup.migration || startup.mode == migration::Mode::old) return {};
  return fail(ErrorCode::usage, startup.settings.at("mode").where + ": mode " + std::string(name(startup.mode)) +
                                    " needs rules (--migration FILE)");
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  // Piece by piece: one large block, given back, would make malloc keep all that comes after it.
  char piece[16 * 1024];
  while (in && text.size() <= longest_file) {
    in.read(piece, sizeof piece);
    text.append(piece, static_cast<std::size_t>(in.gcount()));
  }
  // A directory opens, too, and fails at its first byte.
  if (!in.is_open() || in.bad()) return fail(ErrorCode::file, path + ": cannot be read");
  if (text.size() > longest_file) return fail(ErrorCode::file, path + ": longer than 16 MiB");
  return text;
}

Result<transforms::MigrationFile> load_migration(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  transforms::MigrationRead read = transforms::read_migration(*text);
  if (read.migration) return std::move(*read.migration);
  std::string lines;
  for (const auto& diagnostic : read.diagnostics)
    lines += (lines.empty() ? "" : "\n") + transforms::to_text(diagnostic, path);
  return fail(ErrorCode::file, lines);
}

Result<migration::View> view_of(const std::vector<std::string>& words, const transforms::MigrationFile* migration) {
  migration::View view = migration::View::old;
  for (const std::string& word : words) {
    const auto is = [&](const transforms::SchemaVersion& end) { return word == end.schema + "=" + end.version; };
    if (word == "new" || (migration != nullptr && is(migration->to)))
      view = migration::View::at_new;
    else if (word == "old" || (migration != nullptr && is(migration->from)))
      view = migration::View::old;
    else
      return fail(ErrorCode::usage,
                  "view '" + printable(word, 64) + "' is neither old nor new nor " +
                      (migration == nullptr ? std::string("(without a migration) anything else")
                                            : migration->from.schema + "=" + migration->from.version + " nor " +
                                                  migration->to.schema + "=" + migration->to.version));
  }
  return view;
}

std::string connection_word(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 64)) {
    const bool fine =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += fine ? c : '-';
  }
  return out.empty() ? "proxy" : out;
}

Result<Startup> prepare(const Layer& command_line) {
  auto settings = all_settings(command_line);
  if (!settings) return settings.error();
  Startup out;
  out.settings = std::move(*settings);
  if (const auto read = read_files(out); !read) return read.error();
  const transforms::MigrationFile* file = out.migration ? &*out.migration : nullptr;
  auto upstream = upstream_of(out.settings, file);
  if (!upstream) return upstream.error();
  out.upstream = std::move(*upstream);
  if (file != nullptr && !file->source.url.empty()) {
    auto source = source_of(*file);
    if (!source) source = store::Url::parse(file->source.url);
    if (source) out.source = std::move(*source);
  }
  out.mode = *migration::mode_of(out.settings.text("mode"));
  const auto view = view_of(out.settings.at("view").values, file);
  if (!view) return view.error();
  out.view = *view;
  const std::string& name = out.settings.text("name");
  out.name = connection_word(name.empty() ? host_and_process() : name);
  out.run = !out.settings.text("run").empty() ? out.settings.text("run") : file != nullptr ? file->name : "manual";
  if (const auto fits = check_together(out); !fits) return fits.error();
  return out;
}

std::shared_ptr<const control::Serving> serving_of(const Startup& startup) {
  auto out = std::make_shared<control::Serving>();
  out->change.era = 0;
  if (!startup.rules) return out;
  control::ServedRun run;
  run.id = startup.run;
  run.mode = startup.mode;
  run.rules = startup.rules;
  if (startup.migration) {
    run.name = startup.migration->name;
    run.migration = std::make_shared<const transforms::MigrationFile>(*startup.migration);
  }
  out->runs.push_back(std::move(run));
  control::lay_out(*out);
  return out;
}

proxy::ProxyOptions proxy_options(const Startup& startup) {
  const Settings& s = startup.settings;
  proxy::ProxyOptions out;
  out.listen = s.at("listen").values;
  out.upstream = startup.upstream;
  out.threads = static_cast<unsigned>(s.number("threads"));
  out.max_clients = s.number("max-clients");
  out.drain_timeout = s.time("drain-timeout");
  proxy::EngineSettings& engine = out.engine;
  // Without a word of how records are to be served, the control record says it.
  engine.follows = !startup.migration && !s.given("mode");
  engine.rules = startup.rules;
  engine.mode = startup.mode;
  engine.view = startup.view;
  engine.proxy_name = startup.name;
  engine.run = startup.run;
  engine.upstream_user = startup.upstream.user;
  engine.upstream_password = startup.upstream.password;
  engine.upstream_database = startup.upstream.database;
  engine.ensured_bytes = s.bytes("ensured-max");
  engine.client_out_limit = s.bytes("client-output-limit");
  engine.client_out_high = s.bytes("client-output-high");
  engine.request_limit = s.bytes("request-max");
  engine.pipeline_limit = static_cast<std::uint32_t>(s.number("pipeline-max"));
  engine.request_timeout = s.time("request-timeout");
  engine.connect_timeout = s.time("connect-timeout");
  engine.idle_timeout = s.time("idle-timeout");
  engine.allow_dangerous = s.flag("allow-dangerous");
#ifdef KEYSHIFT_PLANTED
  if (planted("unread")) engine.naive = proxy::Naive::unread;
  if (planted("unheld")) engine.naive = proxy::Naive::unheld;
  if (planted("remembered")) engine.naive = proxy::Naive::remembered;
  if (planted("old_side")) engine.naive = proxy::Naive::old_side;
#endif
  return out;
}

driver::SweeperOptions sweeper_options(const Startup& startup, Duration repeat_after) {
  driver::SweeperOptions out;
  out.upstream = startup.upstream;
  out.rules = startup.rules;
  out.mode = startup.mode;
  if (startup.migration) out.sweep = startup.migration->sweep;
  out.run = startup.run;
  const bool follows = !startup.migration && !startup.settings.given("mode");
  out.connection_name = follows ? startup.name : "keyshift:" + startup.name + ":0.sweep";
  out.repeat_after = repeat_after;
  out.gate = gate_of(startup);
  return out;
}

}  // namespace keyshift::cli
