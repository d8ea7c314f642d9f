#include "proxy/engine/planner.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using migration::Mode;
using migration::View;
using Conflict = transforms::Policy::Conflict;

/// Knows the records of a set.
struct Known final : KnownRecords {
  std::set<Bytes, std::less<>> names;
  [[nodiscard]] bool has(BytesView stored) const { return names.contains(stored); }
  [[nodiscard]] bool known(BytesView stored, const control::ServedRule&) const noexcept override {
    return names.contains(stored);
  }
};

commands::Table& table() {
  static commands::Table all;
  return all;
}

Plan plan_of(const PlanContext& context, const std::vector<Bytes>& words) {
  const std::vector<BytesView> argv(words.begin(), words.end());
  Plan plan;
  const commands::Command* command = table().find(argv);
  if (command == nullptr) {
    plan_unknown(context, argv, plan);
    return plan;
  }
  commands::KeyList keys;
  const bool told = table().keys(*command, argv, keys);
  plan_command(context, *command, argv, keys, told, plan);
  return plan;
}

std::vector<Bytes> split(const Bytes& line) {
  std::istringstream in(line);
  std::vector<Bytes> out;
  for (Bytes word; in >> word;) out.push_back(word);
  return out;
}

/// What docs and reviewers look at: one line per command, in the order of the sections.
constexpr const char* commands_planned[] = {
    "GET plain",
    "GET user:1",
    "GET {user:1}:profile",
    "GET user:known",
    "SET user:1 v",
    "SET user:known v",
    "SET user:1 v EX 1",
    "APPEND user:1 v",
    "DEL user:1",
    "GETDEL user:1",
    "EXPIRE user:1 0",
    "MGET user:1 plain sess:a",
    "MSET user:1 a plain b user:known c",
    "RENAME user:1 user:2",
    "COPY user:1 user:2 DB 3",
    "BLPOP user:1 sess:a 0",
    "XREAD COUNT 1 STREAMS user:1 plain 0 0",
    "SORT plain BY user:* GET #",
    "EVAL script 2 user:1 plain arg",
    "EVAL_RO script 1 user:1",
    "ZUNIONSTORE user:1 2 user:2 plain",
    "OBJECT ENCODING user:1",
    "WATCH user:1 plain",
    "SET keyshift:x v",
    "PING",
    "NOSUCHCOMMAND user:1",
    "NOSUCHCOMMAND plain",
};

/// The same command as an app of that view says it: each name is the record's other one.
std::vector<Bytes> in_view(const transforms::RuleSet& rules, View view, std::vector<Bytes> words) {
  if (view == View::old) return words;
  for (Bytes& word : words)
    if (const auto match = rules.match(word); match.rule >= 0) rules.other_name(match, Bytes(word), word);
  return words;
}

Bytes plans_of_policy(Conflict conflict) {
  Bytes out;
  Known known;
  known.names = {"user:known", "{user:known}:profile"};
  const EngineSettings settings = test::moving_settings(Mode::to_new, conflict);
  for (const Mode mode : {Mode::old, Mode::to_new, Mode::at_new, Mode::to_old})
    for (const View view : {View::old, View::at_new}) {
      out += "# mode " + Bytes(name(mode)) + ", view " + (view == View::old ? "old" : "new") + "\n";
      const auto serving = test::served(*settings.rules, mode);
      const PlanContext context{serving->databases, &serving->databases[0], serving->runs, view, 0, &known};
      for (const char* line : commands_planned) {
        const std::vector<Bytes> words = in_view(*settings.rules, view, split(line));
        for (const Bytes& word : words) out += word + " ";
        out += "=> " + to_text(plan_of(context, words)) + "\n";
      }
    }
  return out;
}

/// Compares with test/golden/plans/NAME; KEYSHIFT_WRITE_GOLDEN=1 writes it instead, to be read before it is committed.
void check_golden(const Bytes& file, const Bytes& found) {
  const Bytes path = Bytes(__FILE__).substr(0, Bytes(__FILE__).rfind("/unit/")) + "/golden/plans/" + file;
  if (std::getenv("KEYSHIFT_WRITE_GOLDEN") != nullptr) std::ofstream(path) << found;
  std::ifstream in(path);
  REQUIRE_MESSAGE(in.good(), "no file " << path << " (KEYSHIFT_WRITE_GOLDEN=1 writes it)");
  std::istringstream found_lines(found);
  Bytes wanted_line, found_line, section;
  while (std::getline(in, wanted_line)) {
    if (wanted_line.starts_with('#')) section = wanted_line;
    CAPTURE(section);
    REQUIRE(std::getline(found_lines, found_line));
    CHECK(found_line == wanted_line);
  }
  CHECK_FALSE(std::getline(found_lines, found_line));
}

TEST_CASE("the plans of keep_new are those that were looked at") {
  check_golden("keep_new.txt", plans_of_policy(Conflict::keep_new));
}
TEST_CASE("the plans of keep_old are those that were looked at") {
  check_golden("keep_old.txt", plans_of_policy(Conflict::keep_old));
}
TEST_CASE("the plans of stop are those that were looked at") {
  check_golden("stop.txt", plans_of_policy(Conflict::stop));
}

TEST_CASE("in another database than the rules' own every key is forwarded as it is") {
  const auto rules = test::two_rules();
  const Known known;
  const auto serving = test::served(*rules, Mode::to_new);
  const PlanContext context{serving->databases, nullptr, serving->runs, View::old, 1, &known};
  CHECK(to_text(plan_of(context, {"SET", "user:1", "v"})) == "forward");
  CHECK(to_text(plan_of(context, {"SET", "keyshift:x", "v"})).starts_with("refuse reason=reserved"));
}

TEST_CASE("a plan names no key out of scope, and every record under its stored name") {
  CHECK(rc::check([] {
    const EngineSettings settings = test::moving_settings();
    const auto& rules = *settings.rules;
    const Mode mode = *rc::gen::element(Mode::old, Mode::to_new, Mode::at_new, Mode::to_old);
    const View view = *rc::gen::element(View::old, View::at_new);
    const bool at_new = migration::runs_at_new(mode);
    Known known;
    if (*rc::gen::arbitrary<bool>()) known.names = {"user:1", "{user:1}:profile"};
    const auto key = rc::gen::element<Bytes>("plain", "x", "user:1", "user:2", "sess:a");
    std::vector<Bytes> keys = *rc::gen::nonEmpty(rc::gen::container<std::vector<Bytes>>(key));
    const std::vector<Bytes> app_keys = keys;
    if (view == View::at_new)
      for (Bytes& k : keys) {
        const auto match = rules.match(k);
        const Bytes old = k;
        if (match.rule >= 0) rules.other_name(match, old, k);
      }
    std::vector<Bytes> argv{*rc::gen::element<Bytes>("MGET", "DEL", "EXISTS", "WATCH", "PFCOUNT", "SINTER")};
    argv.insert(argv.end(), keys.begin(), keys.end());
    const auto serving = test::served(rules, mode);
    const PlanContext context{serving->databases, &serving->databases[0], serving->runs, view, 0, &known};
    const Plan plan = plan_of(context, argv);
    RC_ASSERT(plan.route != Route::refuse);
    std::vector<Bytes> sent = argv;
    for (const Substitution& s : plan.substitutions) sent.at(s.argument) = s.name;
    std::set<Bytes> moved;
    for (const Move& m : plan.moves) {
      RC_ASSERT(rules.match(m.from).rule == m.rule);
      RC_ASSERT(rules.match(m.to).rule == m.rule);
      RC_ASSERT(!known.has(m.to));
      moved.insert(m.to);
    }
    for (std::size_t i = 0; i < app_keys.size(); ++i) {
      const auto match = rules.match(app_keys[i]);
      Bytes stored = app_keys[i];
      if (match.rule >= 0 && at_new) rules.other_name(match, app_keys[i], stored);
      RC_ASSERT(sent[i + 1] == stored);
      if (match.rule < 0) RC_ASSERT(!moved.contains(stored));
      if (match.rule >= 0 && migration::moving(mode)) RC_ASSERT(moved.contains(stored) || known.has(stored));
    }
  }));
}

}  // namespace
}  // namespace keyshift::proxy
