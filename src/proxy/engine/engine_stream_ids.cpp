// XREAD BLOCK ... $: "from now on" must stay what it was when the fleet turns and the command is parked anew.
#include <algorithm>

#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

/// Where the names of the streams begin in `argv` of XREAD; 0: nowhere. The ids follow them, as many.
std::size_t streams_at(std::span<const BytesView> argv) noexcept {
  for (std::size_t i = 1; i < argv.size(); ++i)
    if (equal_ignoring_case(argv[i], "STREAMS")) return (argv.size() - i - 1) % 2 == 0 ? i + 1 : 0;
  return 0;
}

}  // namespace

/// True when `r` waits for what comes behind the end of a stream, and the end has not been asked for.
bool Engine::waits_behind_end(const Session& s, const Request& r) const noexcept {
  if (by_hand() || r.command->name != "XREAD" || s.ends_known) return false;
  const std::size_t first = streams_at(r.argv);
  return first != 0 &&
         std::find(r.argv.begin() + static_cast<std::ptrdiff_t>(first), r.argv.end(), "$") != r.argv.end();
}

/// The last id of each stream that is read from its end: they take the place of $.
Engine::Verdict Engine::ask_ends(Session& s, const Request& r, Upstream& u) {
  if (plan_.in_scope && !may_start(u)) return hold(s, r);
  if (s.in_flight() != 0) {
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  if (!plan_.moves.empty() && !s.moved_once) return moves_first(s, r);
  const std::size_t first = streams_at(r.argv), count = (r.argv.size() - first) / 2;
  Run& run = new_run(Run::Kind::stream_ends, &s, r.command);
  for (std::size_t i = first; i < first + count; ++i) {
    if (r.argv[i + count] != "$") continue;
    BytesView name = r.argv[i];
    for (const Substitution& one : plan_.substitutions)
      if (one.argument == i) name = one.name;
    clearing_step(u, run, 0, {"XREVRANGE", name, "+", "-", "COUNT", "1"});
  }
  s.stall = Stall::moves;
  return Verdict::stalled;
}

void Engine::stream_end_reply(Run& run, BytesView reply) {
  const auto tree = resp::parse_reply(reply);
  const bool told = tree && tree->aggregate();
  // An empty stream has no last id: whatever comes is behind 0-0.
  const bool entry = told && !tree->elements.empty() && !tree->elements[0].elements.empty();
  run.argv.push_back(entry ? tree->elements[0].elements[0].text : Bytes(told ? "0-0" : "$"));
  if (--run.outstanding != 0) return;
  Session* s = run.session;
  const std::vector<Bytes> ends = std::move(run.argv);
  free_run(run);
  if (s == nullptr || s->closed) return;
  s->ends_known = true;
  replace_ends(*s, ends);
  s->stall = Stall::none;
  wake(*s);
}

/// In the request that the session waits with, each $ becomes the id that was found.
void Engine::replace_ends(Session& s, const std::vector<Bytes>& ends) {
  resp::RequestParser parser;
  parser.limits().stream_above = s.in.size();
  if (parser.parse(s.in) != resp::RequestParser::Step::request) return;
  std::vector<BytesView> argv(parser.argv().begin(), parser.argv().end());
  auto next = ends.begin();
  const std::size_t first = streams_at(argv);
  if (first == 0) return;
  for (std::size_t i = first + (argv.size() - first) / 2; i < argv.size() && next != ends.end(); ++i)
    if (argv[i] == "$") argv[i] = *next++;
  Bytes out;
  resp::append_command(out, argv);
  s.in.replace(0, parser.consumed(), out);
  s.parser.reset();
}

}  // namespace keyshift::proxy
