// Replies that change their session: SELECT, AUTH, HELLO, MULTI, EXEC, CLIENT LIST ...
#include "proxy/engine/client_lines.hpp"
#include "proxy/engine/engine.hpp"
#include "proxy/engine/reply_names.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

void Engine::hook_reply(Upstream& u, Pending& p, BytesView reply) {
  Run& run = *p.run;
  Session* s = run.session;
  const bool ok = !reply.empty() && reply[0] != '-';
  if (s == nullptr || s->closed) return run_done(run, reply, true);
  switch (run.hook) {
    case Run::Hook::select:
      if (!ok) break;
      u.key.database = s->pool.database = static_cast<int>(run.argument);
      databases_[s->pool.database] = true;
      break;
    case Run::Hook::auth:
    case Run::Hook::hello: {
      if (!ok) break;
      const bool hello = run.hook == Run::Hook::hello;
      if (hello) u.key.protocol = s->pool.protocol = run.argument == 3 ? resp::Protocol::resp3 : resp::Protocol::resp2;
      if (hello && !run.argv[3].empty()) s->more().name = run.argv[2];
      // A subscriber that goes back to RESP2 gets its messages as replies, not as pushes, from here on.
      if (hello && run.argument == 2 && s->extras && s->extras->subscriptions.count() != 0) s->raw = true;
      if (!run.argv[1].empty()) {
        u.key.credentials = s->pool.credentials = intern({run.argv[0], run.argv[1]});
        if (u.unauthenticated && u.key.database != 0) return leave_unselected(*s, u, run, reply);
        u.unauthenticated = u.multi_proven = false;  // proven for whom it was before
        authenticated(u);
      }
      break;
    }
    case Run::Hook::multi:
      if (!ok) s->in_multi = false;
      break;
    case Run::Hook::watch:
      if (!ok) s->watching = s->in_multi;
      break;
    case Run::Hook::exec:
      return exec_reply(*s, run, reply);
    case Run::Hook::watch_lost:
      return run_done(run, s->pool.protocol == resp::Protocol::resp3 ? "_\r\n" : "*-1\r\n", false);
    case Run::Hook::refused_in_multi: {
      const Bytes line = run.error;
      return run_done(run, line, false);
    }
    case Run::Hook::client_lines:
      return client_lines_reply(run, reply);
    case Run::Hook::tracking:
      return tracking_reply(*s, run, reply);
    case Run::Hook::tracking_info:
      return tracking_info_reply(*s, run, reply);
    case Run::Hook::none:
    case Run::Hook::reset:
    case Run::Hook::client_id:
    case Run::Hook::sticky:
    case Run::Hook::unpin:
      break;
  }
  run_done(run, reply, true);
}

/// The login of a client whose connection could not SELECT before it: it goes on with another one, which can.
void Engine::leave_unselected(Session& s, Upstream& u, Run& run, BytesView reply) {
  u.tainted = true;
  run_done(run, reply, true);
  if (s.pinned == &u) unpin(s);
}

/// After AUTH on a client's own connection: our name, which HELLO could not set, and the proof that MULTI is allowed.
void Engine::authenticated(Upstream& u) {
  if (!by_hand()) {
    u.cleared = u.named = 0;
    u.key_refused = false;
    return unnamed_.push_back(u.id);
  }
  Bytes out;
  resp::append_command(out, {"CLIENT", "SETNAME", connection_name()});
  expect(u, nullptr, nullptr);
  u.out.copy(out);
  mark(u);
}

/// Queued commands whose replies hold names: each element is mapped as its command says. A queued SELECT took effect.
void Engine::exec_reply(Session& s, Run& run, BytesView reply) {
  Transaction transaction = std::move(s.more().transaction);
  s.extras->transaction = Transaction();
  const bool ran = reply.starts_with("*") && !reply.starts_with("*-1");
  if (ran)
    for (const auto& queued : transaction.queued)
      if (queued.select >= 0 && s.pinned != nullptr) s.pinned->key.database = s.pool.database = queued.select;
  if (!ran || !transaction.maps_names) return run_done(run, reply, true);
  auto tree = resp::parse_reply(reply);
  if (!tree || tree->elements.size() != transaction.queued.size()) return run_done(run, reply, true);
  for (std::size_t i = 0; i < tree->elements.size(); ++i) view_element(transaction.queued[i], tree->elements[i]);
  Bytes out;
  resp::append_reply(out, *tree);
  run_done(run, out, false);
}

/// One element of EXEC's reply in the app's view.
void Engine::view_element(const Transaction::Queued& queued, resp::Reply& element) {
  if (element.error() || !scoped()) return;
  const control::ServedDatabase* const rules = here(queued.database);
  if (queued.names == commands::ReplyNames::log) {
    element = log_view(std::move(element));
    return;
  }
  if (queued.instead) {
    element = queued.instead->empty() ? resp::null(resp::Protocol::resp2) : resp::bulk(*queued.instead);
  } else if (rules == nullptr) {
    return;
  } else if (queued.scan) {
    auto merged = merge_scan(*rules, *queued.scan, element);
    if (merged) element = std::move(*merged);
  } else if (queued.keyspace) {
    element = keyspace_view(std::move(element), queued.keys ? *queued.keys : Bytes(), queued.database);
  } else if (queued.names != commands::ReplyNames::none) {
    map_names(queued.names, AppNames(*rules->rules, settings_.view), element);
  }
}

Bytes Engine::mapped_reply(const Run& run, BytesView reply) const {
  if (!reply.empty() && reply[0] == '-') return error_with_app_names(reply, run.renamed);
  auto tree = resp::parse_reply(reply);
  const control::ServedDatabase* const rules = here(run.database);
  if (!tree || rules == nullptr) return Bytes(reply);
  map_names(run.names, AppNames(*rules->rules, settings_.view), *tree);
  Bytes out;
  resp::append_reply(out, *tree);
  return out;
}

void Engine::client_lines_reply(Run& run, BytesView reply) {
  auto tree = resp::parse_reply(reply);
  if (!tree || !tree->textual()) return run_done(run, reply, true);
  ClientFace face;
  const FaceOfClient face_of = [this, &face](std::uint64_t id) -> const ClientFace* {
    for (const auto& [key, u] : upstreams_) {
      if (u->owner == nullptr || u->server_id != id) continue;
      const SessionExtras* extras = u->owner->extras.get();
      face = extras == nullptr ? ClientFace{} : ClientFace{extras->name, extras->library_name, extras->library_version};
      return &face;
    }
    return nullptr;
  };
  tree->text = with_app_names(tree->text, face_of);
  Bytes out;
  resp::append_reply(out, *tree);
  run_done(run, out, false);
}

}  // namespace keyshift::proxy
