#include "proxy/engine/planner.hpp"

#include <algorithm>
#include <charconv>

namespace keyshift::proxy {
namespace {

using commands::Command;
using migration::Mode;
using migration::View;
using transforms::Match;
using transforms::Policy;
using transforms::Side;

void refuse(Plan& plan, const PlanContext& context, const Command* command, std::int32_t rule, std::string_view reason,
            std::string_view text) {
  plan.route = Route::refuse;
  plan.rule = rule;
  plan.reason = reason;
  plan.refusal.code = ErrorCode::refused;
  plan.refusal.what.clear();
  if (rule >= 0) plan.refusal.what += "rule=" + context.here->rules->rules()[static_cast<std::size_t>(rule)].name + " ";
  if (command != nullptr) plan.refusal.what.append("command=").append(command->name).append(" ");
  plan.refusal.what.append("reason=").append(reason).append(": ").append(text);
}

Side stored_side(Mode mode) noexcept { return migration::runs_at_new(mode) ? Side::to : Side::from; }
Side app_side(View view) noexcept { return view == View::old ? Side::from : Side::to; }

/// A run that this proxy does not understand: its records are nobody's to touch here.
void refuse_run(Plan& plan, const PlanContext& context, std::int32_t rule, std::size_t run) {
  plan.route = Route::refuse;
  plan.in_scope = true;
  plan.rule = rule;
  plan.reason = "run";
  plan.refusal = {ErrorCode::control, context.runs[run].refusal};
}

/// True when the key is one of a run that is shut out, or could be.
bool shut_out(const PlanContext& context, BytesView key, Plan& plan) {
  for (const control::ShutRun& shut : context.here->shut) {
    const bool its = shut.rules ? shut.rules->match(key).rule >= 0 : context.here->rules->match(key).rule < 0;
    if (its) return refuse_run(plan, context, -1, shut.run), true;
  }
  return false;
}

/// Puts one record into the plan. False when it is refused.
bool add_record(const PlanContext& context, const Command& command, std::uint32_t argument, BytesView key,
                const Match& match, Plan& plan) {
  plan.in_scope = true;
  if (plan.rule < 0) plan.rule = match.rule;
  const control::ServedRule& rule = context.here->at(match);
  if (rule.refused) [[unlikely]]
    return refuse_run(plan, context, match.rule, rule.run), false;
  const Policy& policy = rule.policy;
  if (match.side != app_side(context.view) && policy.other_view == Policy::OtherView::refuse) {
    refuse(plan, context, &command, match.rule, "other-view",
           "'" + printable(key) + "' is a name of the other schema version (policy.other_view: alias would serve it)");
    return false;
  }
  const bool same_name = match.side == stored_side(rule.mode);
  const bool moving = migration::moving(rule.mode);
  if (same_name && (!moving || context.known->known(key, rule))) return true;
  if (same_name) {
    Move& move = plan.moves.emplace_back(Move{{}, Bytes(key), match.rule});
    context.here->rules->other_name(match, key, move.from);
    return true;
  }
  Substitution& substitution = plan.substitutions.add();
  substitution.argument = argument;
  context.here->rules->other_name(match, key, substitution.name);
  if (moving && !context.known->known(substitution.name, rule))
    plan.moves.push_back({Bytes(key), substitution.name, match.rule});
  return true;
}

/// SORT's BY and GET name keys by pattern: such keys cannot be moved first, so none of them may be a record.
bool patterns_clear(const PlanContext& context, const Command& command, std::span<const BytesView> argv, Plan& plan) {
  for (std::size_t i = 2; i + 1 < argv.size(); ++i) {
    const bool by = equal_ignoring_case(argv[i], "BY");
    if (!by && !equal_ignoring_case(argv[i], "GET")) continue;
    const BytesView pattern = argv[++i];
    if (pattern == "#" || (by && pattern.find('*') == BytesView::npos)) continue;
    const BytesView key = pattern.substr(0, pattern.find("->"));
    if (!context.here->rules->glob_excludes(key)) {
      refuse(plan, context, &command, -1, "pattern",
             "BY or GET pattern '" + printable(pattern) +
                 "' could name records of a rule, which are not moved by a pattern");
      return false;
    }
  }
  return true;
}

bool record_in(const PlanContext& context, int database, BytesView key) noexcept {
  return std::any_of(context.databases.begin(), context.databases.end(), [&](const control::ServedDatabase& one) {
    return one.database == database && one.rules->match(key).rule >= 0;
  });
}

/// COPY ... DB n with another n than the session's, from a record or to one. What is no number is for the server to
/// refuse.
bool other_database(const PlanContext& context, const Command& command, std::span<const BytesView> argv,
                    bool from_record) noexcept {
  if (command.name != "COPY") return false;
  for (std::size_t i = 3; i + 1 < argv.size(); ++i) {
    if (!equal_ignoring_case(argv[i], "DB")) continue;
    int database = 0;
    const BytesView text = argv[i + 1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), database);
    if (error != std::errc() || end != text.data() + text.size() || database == context.database) return false;
    return from_record || record_in(context, database, argv[2]);
  }
  return false;
}

void choose_shape(const PlanContext& context, const Command& command, std::size_t arguments, Plan& plan) {
  if (plan.moves.empty()) {
    plan.route = plan.substitutions.empty() ? Route::forward : Route::rewrite;
    return;
  }
  plan.route = Route::ensure;
  const bool write = (command.flags & (commands::kWrite | commands::kMayReplicate)) != 0;
  const bool script = (command.flags & commands::kScript) != 0;
  const bool wins = std::all_of(plan.moves.begin(), plan.moves.end(), [&](const Move& move) {
    const control::ServedRule& rule = context.here->by_rule[static_cast<std::size_t>(move.rule)];
    return target_wins(rule.mode, rule.policy.conflict);
  });
  if (!wins) {
    plan.shape = Shape::before;  // a pair or transaction would have decided for N already
  } else if (write || script) {
    plan.shape = (command.flags & commands::kNoMulti) != 0 ? Shape::before : Shape::transaction;
    // A plain SET leaves N there, so a leftover at O shows again at the next touch; others may leave nothing.
    const bool plain_set = command.name == "SET" && arguments == 3;
    plan.quarantine = !plain_set && (command.flags & (commands::kMayDelete | commands::kScript)) != 0;
  } else {
    plan.shape = Shape::pair;
  }
}

}  // namespace

bool target_wins(Mode mode, Policy::Conflict policy) noexcept {
  return (mode == Mode::to_new && policy == Policy::Conflict::keep_new) ||
         (mode == Mode::to_old && policy == Policy::Conflict::keep_old);
}

void plan_command(const PlanContext& context, const Command& command, std::span<const BytesView> argv,
                  const commands::KeyList& keys, bool keys_told, Plan& plan) {
  if (plan.dirty()) plan.clear();
  if (context.databases.empty()) return;
  const bool here = context.here != nullptr;
  for (const commands::KeyAt& at : keys.keys()) {
    if ((at.access & (commands::kNotKey | commands::kChannel)) != 0 || at.index >= argv.size()) continue;
    const BytesView key = argv[at.index];
    if (transforms::reserved(key))
      return refuse(plan, context, &command, -1, "reserved", "keys that begin with 'keyshift:' are reserved");
    if (!here) continue;
    if (!context.here->shut.empty() && shut_out(context, key, plan)) return;
    const Match match = context.here->rules->match(key);
    if (match.rule < 0) continue;
    if (!add_record(context, command, at.index, key, match, plan)) return;
  }
  if (!keys_told) return;  // the server refuses it; nothing that it could touch is known
  if (here && keys.incomplete && !patterns_clear(context, command, argv, plan)) return;
  constexpr std::size_t copy_with_database = 5;
  const bool copies = argv.size() >= copy_with_database && other_database(context, command, argv, plan.in_scope);
  if (!plan.in_scope && !copies) return;
  if (copies)
    return refuse(plan, context, &command, plan.rule, "other-database",
                  plan.in_scope ? "a record may not be copied to another database"
                                : "a key of another database may not be copied onto a record");
  plan.names = command.reply_names;
  if (plan.substitutions.size() > 1)
    std::sort(plan.substitutions.begin(), plan.substitutions.end(),
              [](const Substitution& a, const Substitution& b) { return a.argument < b.argument; });
  choose_shape(context, command, argv.size(), plan);
}

void plan_unknown(const PlanContext& context, std::span<const BytesView> argv, Plan& plan) {
  plan.clear();
  if (context.databases.empty()) return;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (context.here != nullptr && !context.here->shut.empty() && shut_out(context, argv[i], plan)) return;
    const Match match = context.here == nullptr ? Match() : context.here->rules->match(argv[i]);
    // What it would do in other databases cannot be told either.
    const bool elsewhere = std::any_of(context.databases.begin(), context.databases.end(),
                                       [&](const auto& one) { return one.rules->match(argv[i]).rule >= 0; });
    if (!elsewhere && !transforms::reserved(argv[i])) continue;
    return refuse(plan, context, nullptr, match.rule, "unknown-command",
                  "command '" + printable(argv[0], 32) + "' is unknown here, and its argument '" +
                      printable(argv[i], 64) + "' could be a record; nobody can tell what it would do to it");
  }
}

}  // namespace keyshift::proxy
