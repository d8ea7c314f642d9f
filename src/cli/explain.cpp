#include "cli/explain.hpp"

#include <nlohmann/json.hpp>

#include "proxy/engine/planner.hpp"
#include "resp/request_parser.hpp"
#include "transforms/explain_key.hpp"

namespace keyshift::cli {
namespace {

using migration::Mode;
using migration::View;
using nlohmann::json;
constexpr Mode modes[] = {Mode::old, Mode::to_new, Mode::at_new, Mode::to_old};
constexpr View views[] = {View::old, View::at_new};

std::string_view name(View view) { return view == View::old ? "old" : "new"; }

/// In words, what a command on one record does first.
std::string at(Mode mode, const Bytes& from, const Bytes& to) {
  switch (mode) {
    case Mode::old:
      return "at " + printable(from);
    case Mode::to_new:
      return "at " + printable(to) + ", moved there from " + printable(from) + " first if it is not there yet";
    case Mode::at_new:
      return "at " + printable(to);
    case Mode::to_old:
      return "at " + printable(from) + ", moved back from " + printable(to) + " first if it is not there yet";
  }
  return {};
}

/// What the session does with a command by itself, before any rule is asked; empty: nothing. `whole`: that is all
/// there is to say, its keys are not planned.
struct SessionPart {
  std::string_view text;
  bool whole = false;
};

SessionPart session_part(commands::Gate gate) {
  using commands::Gate;
  switch (gate) {
    case Gate::pass:
      return {};
    case Gate::pinned:
      return {"runs on a connection of the session's own"};
    case Gate::multi:
    case Gate::exec:
    case Gate::discard:
    case Gate::watch:
    case Gate::unwatch:
      return {"the session keeps a connection of its own for its transaction"};
    case Gate::subscribe:
    case Gate::unsubscribe:
      return {"the session keeps a connection of its own; keyspace events carry the names of its view", true};
    case Gate::monitor:
      return {"the session keeps a connection of its own", true};
    case Gate::select:
    case Gate::auth:
    case Gate::hello:
    case Gate::reset:
    case Gate::quit:
    case Gate::client:
      return {"kept for this session alone, whatever connections it shares", true};
    case Gate::scan:
      return {"both names of every rule are walked; each record is shown once, under the name of the view", true};
    case Gate::keyspace:
      return {"answered over both names of every rule, under the names of the view", true};
    case Gate::flush:
      return {"refused while rules are live, unless policy.flush is allow", true};
    case Gate::move_database:
      return {"refused where rules live", true};
    case Gate::sync:
      return {"refused: a replica must be attached to the server itself", true};
  }
  return {};
}

/// Nothing is known of any record, so that every move shows.
struct NothingKnown final : proxy::KnownRecords {
  [[nodiscard]] bool known(BytesView, const control::ServedRule&) const noexcept override { return false; }
};

/// The same runs, all in one mode.
control::Serving in_mode(const control::Serving& serving, Mode mode) {
  control::Serving out = serving;
  for (control::ServedRun& run : out.runs) run.mode = mode;
  control::lay_out(out, &serving);
  return out;
}

json plan_of(Mode mode, const proxy::PlanContext& context, const commands::Command* command,
             std::span<const BytesView> argv) {
  proxy::Plan plan;
  if (command == nullptr) {
    proxy::plan_unknown(context, argv, plan);
  } else {
    commands::KeyList keys;
    const bool told = commands::Table::keys(*command, argv, keys);
    proxy::plan_command(context, *command, argv, keys, told, plan);
  }
  return {{"mode", migration::name(mode)},
          {"view", name(context.view)},
          {"route", proxy::name(plan.route)},
          {"plan", proxy::to_text(plan)}};
}

}  // namespace

json explain_key(const transforms::RuleSet& rules, BytesView key) {
  const transforms::KeyExplanation found = transforms::explain_key(rules, key);
  json out{{"key", printable(key)}, {"reserved", found.reserved}, {"rule", nullptr}, {"text", to_text(found)}};
  out["near_misses"] = found.near_misses;
  if (found.match.rule < 0) return out;
  const bool is_old = found.match.side == transforms::Side::from;
  const Bytes& from = is_old ? found.key : found.other_name;
  const Bytes& to = is_old ? found.other_name : found.key;
  out["rule"] = found.rule;
  out["pattern"] = found.pattern;
  out["side"] = is_old ? "old" : "new";
  out["old_name"] = printable(from);
  out["new_name"] = printable(to);
  for (const auto& [capture, value] : found.captures) out["captures"][capture] = printable(value);
  for (const Mode mode : modes) out["served"][std::string(migration::name(mode))] = at(mode, from, to);
  return out;
}

json explain_command(const commands::Table& table, const transforms::RuleSet* rules, std::span<const BytesView> argv) {
  control::Serving serving;
  if (rules != nullptr) {
    control::ServedRun run;
    run.rules = std::shared_ptr<const transforms::RuleSet>(std::shared_ptr<const void>(), rules);  // whose they stay
    serving.runs.push_back(std::move(run));
    control::lay_out(serving);
  }
  return explain_command(table, serving, rules == nullptr ? 0 : rules->database(), argv);
}

json explain_command(const commands::Table& table, const control::Serving& serving, int database,
                     std::span<const BytesView> argv) {
  const commands::Command* command = table.find(argv);
  json out{{"command", command == nullptr ? json(nullptr) : json(command->name)}, {"plans", json::array()}};
  if (command != nullptr && !commands::Table::arity_fits(*command, argv.size()))
    out["note"] = "Redis would answer: wrong number of arguments";
  if (command != nullptr && (command->flags & commands::kDangerous) != 0)
    out["session"] = "refused, unless the proxy runs with --allow-dangerous";
  const SessionPart part = command == nullptr ? SessionPart{} : session_part(commands::Table::gate(*command, argv));
  if (!part.text.empty()) out["session"] = part.text;
  if (part.whole) return out;
  proxy::PlanContext context;
  const NothingKnown nothing;
  context.known = &nothing;
  context.database = database;
  for (const Mode mode : modes) {
    const control::Serving in = in_mode(serving, mode);
    context.databases = in.databases;
    context.runs = in.runs;
    context.here = control::find(in.databases, database);
    for (const View view : views) {
      context.view = view;
      out["plans"].push_back(plan_of(mode, context, command, argv));
    }
  }
  return out;
}

Result<std::vector<Bytes>> words_of(std::string_view line) {
  if (line.find_first_of("\r\n") != std::string_view::npos) return fail(ErrorCode::usage, "a command is one line");
  const Bytes whole = Bytes(line) + "\r\n";
  resp::RequestParser parser;
  // "*1" would begin a multi-bulk request; typed by a person it is no command either.
  const auto step = line.starts_with('*') ? resp::RequestParser::Step::empty : parser.parse(whole);
  if (step != resp::RequestParser::Step::request)
    return fail(ErrorCode::usage, "this is not a command line (is a quote missing?)");
  const auto argv = parser.argv();
  return std::vector<Bytes>(argv.begin(), argv.end());
}

std::string explained_text(const json& document) {
  std::string out;
  if (document.contains("plans")) {
    if (document["command"].is_null()) out += "no such command is known; the server may have it from a module\n";
    for (const char* remark : {"note", "session"})
      if (document.contains(remark)) out += document[remark].get<std::string>() + "\n";
    for (const json& plan : document["plans"]) {
      std::string head = "mode " + plan["mode"].get<std::string>() + ", view " + plan["view"].get<std::string>() + ":";
      head.resize(std::max<std::size_t>(head.size() + 1, 24), ' ');
      out += head + plan["plan"].get<std::string>() + "\n";
    }
    return out;
  }
  out = document["text"].get<std::string>();
  if (!document.contains("served")) return out;
  for (const Mode mode : modes) {
    const std::string label(migration::name(mode));
    std::string head = "mode " + label + ":";
    head.resize(14, ' ');
    out += head + document["served"][label].get<std::string>() + "\n";
  }
  return out;
}

}  // namespace keyshift::cli
