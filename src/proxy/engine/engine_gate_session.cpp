// Commands that change the session itself: who it is, which database and protocol, what it listens to.
#include <charconv>

#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

bool number(BytesView text, int& out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

/// What Redis takes as a client's name or library: printable, no spaces.
bool name_fits(BytesView name) noexcept {
  for (const char c : name)
    if (c < '!' || c > '~') return false;
  return true;
}

constexpr BytesView bad_name = "-ERR Client names cannot contain spaces, newlines or special characters.\r\n";

}  // namespace

Engine::Verdict Engine::gate_select(Session& s, Request& r) {
  int database = 0;
  const bool valid = number(r.argv[1], database);
  if (valid && s.pinned == nullptr && databases_.contains(database)) {
    if (s.in_flight() != 0 && database != s.pool.database) {
      s.stall = Stall::drain;
      return Verdict::stalled;
    }
    s.pool.database = database;
    count(*r.command, Route::forward);
    return answer(s, "+OK\r\n");
  }
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  Run& run = hooked(s, r, Run::Hook::select);
  run.argument = valid ? database : -1;
  s.drain_next = true;
  return forward(s, r, *u, &run);
}

Engine::Verdict Engine::gate_auth(Session& s, Request& r) {
  const Bytes user(r.argv.size() == 3 ? r.argv[1] : BytesView("default"));
  const Bytes password(r.argv.back());
  const Credentials own = credentials_[0];
  const bool same =
      !own.password.empty() && password == own.password && (own.user.empty() ? "default" : own.user) == user;
  if (same && s.pinned == nullptr && r.argv.size() <= 3) {
    if (s.in_flight() != 0) {
      s.stall = Stall::drain;
      return Verdict::stalled;
    }
    s.pool.credentials = 0;
    return answer(s, "+OK\r\n");
  }
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  Run& run = hooked(s, r, Run::Hook::auth);
  run.argv = {user, password};
  s.drain_next = true;
  return forward(s, r, *u, &run);
}

/// HELLO [2|3 [AUTH user password] [SETNAME name]]
Engine::Verdict Engine::gate_hello(Session& s, Request& r) {
  int version = s.pool.protocol == resp::Protocol::resp3 ? 3 : 2;
  Credentials credentials;
  bool valid = r.argv.size() == 1 || (number(r.argv[1], version) && (version == 2 || version == 3));
  BytesView name, unknown;
  bool named = false;
  for (std::size_t i = 2; valid && i < r.argv.size(); ++i) {
    if (equal_ignoring_case(r.argv[i], "AUTH") && i + 2 < r.argv.size()) {
      credentials = {Bytes(r.argv[i + 1]), Bytes(r.argv[i + 2])};
      i += 2;
    } else if (equal_ignoring_case(r.argv[i], "SETNAME") && i + 1 < r.argv.size()) {
      name = r.argv[++i];
      named = true;
      if (!name_fits(name)) return answer(s, bad_name);
    } else {
      valid = false;
    }
  }
  if (s.in_flight() != 0) {
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  const bool known_user = credentials.user.empty() ||
                          (!credentials_[0].password.empty() && credentials.password == credentials_[0].password &&
                           credentials.user == (credentials_[0].user.empty() ? "default" : credentials_[0].user));
  if (valid && known_user && s.pinned == nullptr) {
    // Many clients begin with HELLO: the answer that the shared connection got serves them all.
    PoolKey key = s.pool;
    key.protocol = version == 3 ? resp::Protocol::resp3 : resp::Protocol::resp2;
    if (!credentials.user.empty()) key.credentials = 0;
    if (shared_channel(s, key) == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
    const Bytes& hello = pools_[key].hello;
    if (!hello.empty()) {
      s.pool = key;
      if (named) s.more().name = Bytes(name);
      count(*r.command, Route::forward);
      return answer(s, hello);
    }
  }
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  Run& run = hooked(s, r, Run::Hook::hello);
  run.argument = version;
  run.argv = {credentials.user, credentials.password, Bytes(name), named ? "1" : ""};
  s.drain_next = true;
  if (!valid) return forward(s, r, *u, &run);
  // The name stays ours: the server knows this connection by it.
  std::vector<BytesView> argv{"HELLO", version == 3 ? "3" : "2"};
  if (!credentials.user.empty()) argv.insert(argv.end(), {"AUTH", credentials.user, credentials.password});
  Bytes raw;
  resp::append_command(raw, argv);
  Request sent{argv, raw, r.command, argv.size()};
  const bool before = owned_input_;
  owned_input_ = true;  // `raw` ends with this call
  const Verdict verdict = forward(s, sent, *u, &run);
  owned_input_ = before;
  return verdict;
}

Engine::Verdict Engine::gate_reset(Session& s, Request& r) {
  if (s.in_flight() != 0) {
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  if (Upstream* u = s.pinned; u != nullptr) {
    u->tainted = true;
    s.sticky = s.in_multi = s.watching = s.raw = s.monitor = false;
    unpin(s);
  }
  s.watches_records = s.watch_lost = false;
  s.in_multi = s.watching = s.raw = s.monitor = s.sticky = s.tracking = s.reply_off = s.reply_skip = s.skip_next =
      false;
  s.pool = PoolKey{};
  s.pool.database = settings_.upstream_database;
  if (s.extras) {  // what library the client is outlives RESET, as at the server
    auto kept = std::make_unique<SessionExtras>();
    kept->library_name = std::move(s.extras->library_name);
    kept->library_version = std::move(s.extras->library_version);
    s.extras = std::move(kept);
  }
  count(*r.command, Route::forward);
  return answer(s, "+RESET\r\n");
}

/// CLIENT PAUSE n [WRITE|ALL], UNPAUSE: whether the server may be keeping commands of clients waiting.
void Engine::note_pause(const Request& r) {
  int wait = 0;
  if (r.command->name == "CLIENT UNPAUSE") paused_until_ = Time{};
  if (r.command->name == "CLIENT PAUSE" && number(r.argv[2], wait) && wait > 0)
    paused_until_ = std::max(paused_until_, now_ + milliseconds(wait));
}

Engine::Verdict Engine::gate_client_reply(Session& s, BytesView how) {
  if (equal_ignoring_case(how, "ON")) {
    s.reply_off = s.reply_skip = s.skip_next = false;
    return answer(s, "+OK\r\n");
  }
  if (equal_ignoring_case(how, "OFF")) {
    s.reply_off = true;
    return Verdict::served;
  }
  if (equal_ignoring_case(how, "SKIP")) {
    if (!s.reply_off) s.reply_skip = true;
    return Verdict::served;
  }
  return answer(s, "-ERR syntax error\r\n");
}

Engine::Verdict Engine::gate_client(Session& s, Request& r) {
  const BytesView name = r.command->name;
  if (name == "CLIENT SETNAME") {
    if (!name_fits(r.argv[2])) return answer(s, bad_name);
    s.more().name = Bytes(r.argv[2]);
    return answer(s, "+OK\r\n");
  }
  if (name == "CLIENT GETNAME") {
    Bytes out;
    if (s.extras && !s.extras->name.empty())
      resp::append_bulk(out, s.extras->name);
    else
      resp::append_reply(out, resp::null(s.pool.protocol));
    return answer(s, out);
  }
  const bool knows_setinfo = server_version_ == 0 || server_version_ >= 702;
  if (name == "CLIENT SETINFO" && r.argv.size() == 4 && knows_setinfo) {
    const bool library = equal_ignoring_case(r.argv[2], "LIB-NAME");
    if (!library && !equal_ignoring_case(r.argv[2], "LIB-VER")) {
      Bytes out = "-ERR Unrecognized option '" + printable(r.argv[2]) + "'\r\n";
      return answer(s, out);
    }
    if (!name_fits(r.argv[3]))
      return answer(s, library ? "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n"
                               : "-ERR lib-ver cannot contain spaces, newlines or special characters.\r\n");
    (library ? s.more().library_name : s.more().library_version) = Bytes(r.argv[3]);
    return answer(s, "+OK\r\n");
  }
  if (name == "CLIENT REPLY") return gate_client_reply(s, r.argv[2]);
  const bool lists = name == "CLIENT LIST" || name == "CLIENT INFO";
  const bool own_connection = lists || name == "CLIENT ID" || name == "CLIENT TRACKING" || name == "CLIENT CACHING" ||
                              name == "CLIENT TRACKINGINFO" || name == "CLIENT GETREDIR" || name == "CLIENT NO-EVICT" ||
                              name == "CLIENT NO-TOUCH";
  if (!own_connection) {
    const Verdict verdict = gate_plain(s, r, name == "CLIENT KILL");
    if (verdict == Verdict::served) note_pause(r);
    return verdict;
  }
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  s.sticky = u->tainted = true;
  if (name == "CLIENT TRACKING") s.tracking = r.argv.size() < 3 || !equal_ignoring_case(r.argv[2], "OFF");
  if (name == "CLIENT TRACKING" || name == "CLIENT CACHING") return gate_tracking(s, r, *u);
  if (name == "CLIENT TRACKINGINFO" && scoped()) return forward(s, r, *u, &hooked(s, r, Run::Hook::tracking_info));
  if (!lists) return forward(s, r, *u, nullptr);
  return forward(s, r, *u, &hooked(s, r, Run::Hook::client_lines));
}

}  // namespace keyshift::proxy
