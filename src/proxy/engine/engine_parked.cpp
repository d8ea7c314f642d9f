// Commands that wait at the server (BLPOP, XREAD BLOCK, WAIT ...) while the fleet turns: unblocked, then parked again.
#include <algorithm>
#include <charconv>

#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

constexpr auto unblock_every = milliseconds(10);

/// Where its timeout stands in `argv`; 0: nowhere.
std::size_t timeout_at(const commands::Command& command, std::span<const BytesView> argv) noexcept {
  const int at = command.timeout_argument;  // NOLINT(bugprone-signed-char-misuse): a small number, no character
  if (at > 0 && static_cast<std::size_t>(at) < argv.size()) return static_cast<std::size_t>(at);
  if (at < 0 && static_cast<std::size_t>(-at) < argv.size()) return argv.size() - static_cast<std::size_t>(-at);
  for (std::size_t i = 1; at == 0 && i + 1 < argv.size(); ++i) {
    if (equal_ignoring_case(argv[i], "STREAMS")) break;
    if (equal_ignoring_case(argv[i], "BLOCK")) return i + 1;
  }
  return 0;
}

bool in_milliseconds(const commands::Command& command) noexcept {
  return command.timeout_argument == 0 || command.timeout_milliseconds;
}

}  // namespace

/// What is parked is kept, with the moment until which it may wait.
void Engine::keep_parked(Session& s, const Request& r) {
  if (by_hand()) return;
  SessionExtras& extras = s.more();
  extras.parked_request.assign(r.raw);
  extras.parked_until = Time{};
  const std::size_t at = timeout_at(*r.command, r.argv);
  double timeout = 0;
  if (at == 0) return;
  const BytesView text = r.argv[at];
  std::from_chars(text.data(), text.data() + text.size(), timeout);
  const double millis = in_milliseconds(*r.command) ? timeout : timeout * 1000;
  if (millis > 0 && millis < 1e12) extras.parked_until = now_ + milliseconds(static_cast<std::int64_t>(millis));
}

/// The name of this turn went out behind a command that is parked: it is ended, again and again until the server has
/// answered to the name.
void Engine::unblock(Upstream& u) {
  if (settings_.naive == Naive::closes) {  // a mistake that tests plant
    if (unblocked(u, "-UNBLOCKED")) upstream_gone(u, "parked", true);
    return;
  }
  unblocking_.emplace_back(u.id, now_ + unblock_every);
  Upstream* own = u.server_id == 0 ? nullptr : own_connection();
  if (own == nullptr) return;
  Bytes out;
  resp::append_command(out, {"CLIENT", "UNBLOCK", std::to_string(u.server_id), "ERROR"});
  expect(*own, nullptr, nullptr);
  own->out.copy(out);
  mark(*own);
}

void Engine::unblock_all() {
  for (const auto& [id, due] : std::exchange(unblocking_, {})) {
    const auto it = upstreams_.find(id);
    if (it == upstreams_.end() || !it->second->awaits_name) continue;
    if (now_ < due)
      unblocking_.emplace_back(id, due);
    else
      unblock(*it->second);
  }
}

/// The parked command at the head of the ledger was ended by us: it was not answered, and is looked at again. Any other
/// reply is the command's own.
bool Engine::unblocked(Upstream& u, BytesView line) {
  Session* s = u.owner;
  const Pending entry = u.ledger.front();
  const bool parked = s != nullptr && s->parked && s->extras && !s->extras->parked_request.empty();
  if (!parked || entry.session != s || entry.sequence + 1 != s->next || !line.starts_with("-UNBLOCKED")) return false;
  finish(u, u.ledger.front());
  if (entry.run != nullptr) free_run(*entry.run);
  --s->next;
  s->drain_next = s->parked = false;
  if (entry.silent && !s->reply_off) s->reply_skip = true;
  replay(*s, parked_again(*s));
  return true;
}

/// The parked request with what is left of its timeout; when nothing is, the least that there is, so that the server
/// answers with its own nil.
Bytes Engine::parked_again(const Session& s) const {
  const Bytes& request = s.extras->parked_request;
  if (s.extras->parked_until == Time{}) return request;
  resp::RequestParser parser;
  parser.limits().stream_above = request.size();
  if (parser.parse(request) != resp::RequestParser::Step::request) return request;
  std::vector<BytesView> argv(parser.argv().begin(), parser.argv().end());
  const commands::Command* command = table_.find(argv);
  const std::size_t at = command == nullptr ? 0 : timeout_at(*command, argv);
  if (at == 0) return request;
  const auto left =
      std::max<std::int64_t>(1, std::chrono::duration_cast<milliseconds>(s.extras->parked_until - now_).count());
  Bytes text = std::to_string(left);
  if (!in_milliseconds(*command)) {
    const Bytes thousandths = std::to_string(1000 + left % 1000).substr(1);
    text = std::to_string(left / 1000) + "." + thousandths;
  }
  argv[at] = text;
  Bytes out;
  resp::append_command(out, argv);
  return out;
}

}  // namespace keyshift::proxy
