// Bytes of a client become requests.
#include "proxy/engine/engine.hpp"

namespace keyshift::proxy {
namespace {
constexpr std::size_t kept_input = 64 * 1024;  // a stalled client is read no further than this
}

bool Engine::admits(const Session& s) const noexcept {
  return !s.closed && s.stall == Stall::none && s.out.size() <= settings_.client_out_high &&
         s.in_flight() < std::min(settings_.pipeline_limit, s.in_flight_limit);
}

void Engine::keep_rest(Session& s, BytesView bytes, std::size_t used) {
  if (s.closed || s.stall == Stall::closing) return;
  if (used < bytes.size()) s.in.assign(bytes.substr(used));
  // A client that is not listened to is still read a little, so that its going away is noticed.
  const bool whole_request_wanted = s.parser != nullptr;
  s.read_paused = s.in.size() >= kept_input && !whole_request_wanted;
}

void Engine::run_session(Session& s) {
  if (s.stall == Stall::drain && s.in_flight() == 0) s.stall = Stall::none;
  if (s.in.empty() || !admits(s)) {
    if (s.in.size() >= kept_input && !s.parser) s.read_paused = true;
    if (s.in.empty() && s.read_paused && admits(s)) {
      s.read_paused = false;
      actions_.push_back({Action::Kind::resume_session, nullptr, &s, s.socket});
    }
    return;
  }
  const bool was_paused = s.read_paused;
  Bytes input = std::move(s.in);
  s.in = Bytes();
  owned_input_ = true;
  const std::size_t used = consume(s, input);
  owned_input_ = false;
  if (s.closed) return;
  if (used == 0)
    s.in = std::move(input);
  else if (used < input.size()) {
    input.erase(0, used);
    s.in = std::move(input);
  }
  s.read_paused = s.in.size() >= kept_input && s.parser == nullptr;
  if (was_paused && !s.read_paused) actions_.push_back({Action::Kind::resume_session, nullptr, &s, s.socket});
}

std::size_t Engine::consume(Session& s, BytesView unread) {
  std::size_t used = 0;
  while (used < unread.size() && admits(s)) {
    if (s.extras && s.extras->stream) {
      used += pass_big(s, unread.substr(used));
      continue;
    }
    resp::RequestParser& parser = s.parser ? *s.parser : parser_;
    const BytesView rest = unread.substr(used);
    switch (parser.parse(rest)) {
      case resp::RequestParser::Step::more:
        return wait_for_more(s, rest.size()) ? used : unread.size();
      case resp::RequestParser::Step::empty:
        used += parser.consumed();
        break;
      case resp::RequestParser::Step::error:
        broken_request(s, parser.error());
        return unread.size();
      case resp::RequestParser::Step::big: {
        const Verdict verdict = big_request(s, parser, rest, used);
        if (verdict == Verdict::served && !(s.extras && s.extras->stream) && !s.closed && s.stall != Stall::closing)
          continue;
        s.parser.reset();  // what follows of it passes through, or it is begun again
        parser_.reset();
        if (verdict == Verdict::stalled) return used;
        continue;
      }
      case resp::RequestParser::Step::request: {
        Request r{parser.argv(), rest.substr(0, parser.consumed()), nullptr, parser.argv().size()};
        const std::size_t consumed = parser.consumed();
        if (!parser.multibulk()) {
          scratch_ = request_bytes(r);
          r.raw = scratch_;
        }
        if (gate(s, r) == Verdict::stalled) {
          s.parser.reset();
          parser_.reset();
          return used;
        }
        if (s.in_multi) keep_queued(s, r);
        used += consumed;
        if (s.stall == Stall::closing) return unread.size();
        break;
      }
    }
    s.parser.reset();
  }
  return used;
}

/// The rest of a request is still to come: its parser goes with the session. False when it is too long to be kept.
bool Engine::wait_for_more(Session& s, std::size_t unread) {
  if (unread > settings_.request_limit) {
    answer_error(
        s, {ErrorCode::too_large, "Protocol error: this request must be read whole and is longer than the limit"});
    close_after_flush(s);
    return false;
  }
  if (s.parser) return true;
  s.parser = std::make_unique<resp::RequestParser>(std::move(parser_));
  parser_ = resp::RequestParser(s.parser->limits());
  return true;
}

void Engine::broken_request(Session& s, BytesView error) {
  counters_.protocol_errors.add(1);
  answer(s, error);
  parser_.reset();  // it is shared: what one client sent must not be met by the next
  close_after_flush(s);
}

/// A request with an argument too long to wait for: its head is served, its body passes through on a connection of its
/// own.
Engine::Verdict Engine::big_request(Session& s, resp::RequestParser& parser, BytesView unread, std::size_t& used) {
  Request r{parser.argv(), unread.substr(0, parser.big().body_offset), nullptr, parser.big().arguments};
  const bool told = !r.argv.empty() && (r.command = table_.find(r.argv)) != nullptr &&
                    table_.keys_of_prefix(*r.command, r.argv, r.arguments, keys_);
  const bool streams = told && r.command->gate == commands::Gate::pass && !s.in_multi && !s.raw &&
                       commands::Table::arity_fits(*r.command, r.arguments);
  if (!streams) {
    parser.buffer_big();
    if (!s.parser) {
      s.parser = std::make_unique<resp::RequestParser>(std::move(parser_));
      parser_ = resp::RequestParser(s.parser->limits());
    }
    return Verdict::served;
  }
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? (close_after_flush(s), Verdict::served) : Verdict::stalled;
  plan_command(context(s), *r.command, r.argv, keys_, true, plan_);
  if (plan_.route == Route::refuse) {
    refuse(s, r, plan_.reason, {});
    close_after_flush(s);  // its body cannot be told from what follows without reading it all
    return Verdict::served;
  }
  if (plan_.in_scope && !may_start(*u)) return hold(s, r);
  if (!plan_.moves.empty() && !s.moved_once) return moves_first(s, r);
  if (Bytes line; moves_refused(s, line)) {
    answer(s, line);
    close_after_flush(s);
    return Verdict::served;
  }
  Run* run = nullptr;
  if (plan_.names != commands::ReplyNames::none) {
    run = &new_run(Run::Kind::mapped, &s, r.command);
    run->names = plan_.names;
  }
  auto& stream = s.more().stream;
  stream = std::make_unique<resp::ReplyFramer>();
  stream->feed(r.raw);
  forward(s, r, *u, run);
  s.drain_next = true;
  used += r.raw.size();
  return Verdict::served;
}

std::size_t Engine::pass_big(Session& s, BytesView bytes) {
  auto& stream = s.extras->stream;
  const auto fed = stream->feed(bytes);
  Upstream* u = s.pinned;
  if (fed.step == resp::ReplyFramer::Step::bad || u == nullptr) {
    // What the server has of this request is not a request: only the end of the connection ends it.
    answer_error(s, {ErrorCode::protocol, "Protocol error: invalid bulk length"});
    close_after_flush(s);
    return bytes.size();
  }
  if (owned_input_)
    u->out.copy(bytes.substr(0, fed.taken));
  else
    u->out.borrow(bytes.substr(0, fed.taken));
  mark(*u);
  u->last_progress = now_;
  if (fed.step == resp::ReplyFramer::Step::whole) stream.reset();
  if (u->out.size() > settings_.upstream_out_high) {
    if (owned_input_ || fed.step == resp::ReplyFramer::Step::more) s.stall = Stall::streaming;
  }
  return fed.taken;
}

}  // namespace keyshift::proxy
