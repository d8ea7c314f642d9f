#include "proxy/engine/scan_merge.hpp"

#include "proxy/engine/app_names.hpp"
#include "proxy/engine/glob.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

/// Where a scan in this mode and era goes on that the app left at `sent`.
ScanCursor resumed(const ScanContext& context, const ScanCursor& sent) {
  ScanCursor at = sent;
  const auto era = static_cast<std::uint8_t>(context.era % kScanEras);
  const bool two_passes = context.here.moving;
  const bool half_the_promise = two_passes && sent.pass == ScanCursor::Pass::only;
  if (sent.at_start() || sent.era != era || half_the_promise) {
    at = {};
    at.pass = two_passes ? ScanCursor::Pass::first : ScanCursor::Pass::only;
    // A scan of another era may have shown a record's leaving side of then: only a whole scan of now is sure.
  }
  at.era = era;
  return at;
}

/// Without rules concerned there is nothing on the second side.
void choose_shown(bool excluded, ScanStep& step) {
  step.unscoped = step.at.pass != ScanCursor::Pass::second;
  step.leaving = step.at.pass == ScanCursor::Pass::first;
  step.second_pass = step.leaving && !excluded;
}

/// The last MATCH among the options, as Redis takes it; nullopt when there is none or the options are not understood.
std::optional<BytesView> match_of(std::span<const BytesView> options) {
  std::optional<BytesView> match;
  for (std::size_t i = 0; i < options.size(); i += 2) {
    const bool known = equal_ignoring_case(options[i], "MATCH") || equal_ignoring_case(options[i], "COUNT") ||
                       equal_ignoring_case(options[i], "TYPE");
    if (!known || i + 1 == options.size()) return std::nullopt;
    if (equal_ignoring_case(options[i], "MATCH")) match = options[i + 1];
  }
  return match;
}

Bytes upstream_request(const ScanStep& step, std::span<const BytesView> options) {
  const Bytes cursor = std::to_string(step.at.server);
  std::vector<BytesView> argv{"SCAN", cursor};
  for (std::size_t i = 0; i < options.size(); i += 2) {
    if (step.filter && equal_ignoring_case(options[i], "MATCH")) continue;
    argv.push_back(options[i]);
    if (i + 1 < options.size()) argv.push_back(options[i + 1]);
  }
  Bytes request;
  resp::append_command(request, argv);
  return request;
}

/// A record that does not move is at home all the while: the second pass shows it, also when it has moved until then.
bool shown(const control::ServedDatabase& here, const ScanStep& step, const transforms::Match& match,
           BytesView stored) {
  if (transforms::reserved(stored)) return false;
  if (match.rule < 0) return step.unscoped;
  const migration::Mode mode = here.at(match).mode;
  if (!step.leaving) return match.side == home_side(mode);
  return migration::moving(mode) && match.side != home_side(mode);
}

void keep_shown(const control::ServedDatabase& here, const ScanStep& step, std::vector<resp::Reply>& names) {
  const transforms::RuleSet& rules = *here.rules;
  const AppNames app(rules, step.view);
  Bytes scratch;
  std::size_t kept = 0;
  for (resp::Reply& name : names) {
    const transforms::Match match = rules.match(name.text);
    if (!shown(here, step, match, name.text)) continue;
    const BytesView mapped = app.of(match, name.text, scratch);
    if (step.filter && !glob_matches(step.match, mapped)) continue;
    if (mapped.data() == scratch.data()) name.text.swap(scratch);
    if (&names[kept] != &name) names[kept] = std::move(name);
    ++kept;
  }
  names.resize(kept);
}

Result<std::uint64_t> next_cursor(const ScanStep& step, std::uint64_t server) {
  ScanCursor next = step.at;
  next.server = server;
  if (server != 0) return encode_cursor(next);
  if (!step.second_pass) return std::uint64_t{0};
  next.pass = ScanCursor::Pass::second;
  return encode_cursor(next);
}

}  // namespace

Result<ScanStep> plan_scan(const ScanContext& context, std::span<const BytesView> argv) {
  const auto sent = decode_cursor(argv[1]);
  if (!sent) return sent.error();
  if (sent->node != 0) return fail(ErrorCode::protocol, "invalid cursor");
  const auto options = argv.subspan(2);
  ScanStep step;
  step.view = context.view;
  step.at = resumed(context, *sent);
  const auto match = match_of(options);
  const bool excluded = match && context.here.rules->glob_excludes(*match);
  choose_shown(excluded, step);
  if (match && !excluded && !fits_all(*match)) {
    step.filter = true;
    step.match = *match;
  }
  step.request = upstream_request(step, options);
  return step;
}

Result<resp::Reply> merge_scan(const control::ServedDatabase& here, const ScanStep& step, resp::Reply reply) {
  if (reply.error()) return reply;
  const bool page =
      reply.type == '*' && reply.elements.size() == 2 && reply.elements[0].textual() && reply.elements[1].aggregate();
  if (!page) return fail(ErrorCode::upstream, "SCAN got an answer that is not Redis'");
  const auto server = read_server_cursor(reply.elements[0].text);
  if (!server) return server.error();
  const auto next = next_cursor(step, *server);
  if (!next) return next.error();
  reply.elements[0].text = std::to_string(*next);
  keep_shown(here, step, reply.elements[1].elements);
  return reply;
}

}  // namespace keyshift::proxy
