// Transactions that are open while the fleet turns: discarded at the server, and queued anew from what the client sent.
#include <utility>

#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

/// A request of a transaction, MULTI included, was served.
void Engine::keep_queued(Session& s, const Request& r) {
  if (serving_ == nullptr || by_hand()) return;
  Transaction& t = s.more().transaction;
  if (!t.refusal.empty()) return;
  ++t.kept;
  if (t.requests.size() + r.raw.size() <= settings_.request_limit)
    t.requests.append(r.raw);
  else
    t.too_long = true;
}

/// DISCARD went out: what the client has queued is consumed again, and what it was answered is not answered twice.
void Engine::queue_again(Session& s) {
  Transaction t = std::exchange(s.more().transaction, Transaction());
  s.watch_lost |= s.watching;  // DISCARD ended it
  if (t.too_long) {
    s.extras->transaction.refusal = to_reply(
        {ErrorCode::busy, "the fleet turned, and this transaction is longer than what is kept to queue it anew"});
    return;
  }
  s.in_multi = false;
  s.swallow += t.kept;
  replay(s, std::move(t.requests));
}

/// `requests` come before what the client has sent since.
void Engine::replay(Session& s, Bytes requests) {
  s.in.insert(0, requests);
  s.parser.reset();  // what it knows of a request that is half there counts from the wrong place
  if (s.stall == Stall::drain) s.stall = Stall::none;
  wake(s);
}

/// The connection that held its transaction or WATCH is gone, and nothing of the transaction ran. The client goes on:
/// its EXEC is refused, or behind a WATCH alone finds that a key may have changed.
void Engine::lose_transaction(Session& s) {
  s.watch_lost |= s.watching;
  if (!s.in_multi) return;
  Transaction lost;
  lost.refusal =
      to_reply({ErrorCode::upstream, "the connection that held this transaction was lost; nothing of it ran"});
  lost.lost = true;
  s.more().transaction = std::move(lost);
}

/// EXEC of a transaction whose WATCH spans a hold: as if a key that is watched had changed.
Engine::Verdict Engine::end_lost(Session& s, const Request& r, Upstream& u) {
  s.more().transaction = Transaction();
  const BytesView argv[] = {"DISCARD"};
  const Request sent{argv, "*1\r\n$7\r\nDISCARD\r\n", r.command, 1};
  return forward(s, sent, u, &hooked(s, r, Run::Hook::watch_lost));
}

}  // namespace keyshift::proxy
