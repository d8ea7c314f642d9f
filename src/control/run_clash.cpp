#include "control/run_clash.hpp"

#include "transforms/rule_check.hpp"
#include "transforms/source_url.hpp"

namespace keyshift::control {

std::string clash_of_runs(const transforms::MigrationFile& added, std::string_view name,
                          const transforms::MigrationFile& there) {
  if (transforms::database_of(added.source.url) != transforms::database_of(there.source.url)) return {};
  std::vector<transforms::Rule> rules = there.rules;
  for (transforms::Rule& rule : rules)
    rule.name = std::string(name) + "/" + rule.name;  // so that a finding names the run
  rules.insert(rules.end(), added.rules.begin(), added.rules.end());
  const auto found = transforms::find_rule_problems(rules, false);
  if (found.empty()) return {};
  const transforms::RuleFinding& first = found.front();
  const char* const side = first.problem.side == transforms::Side::from ? "from" : "to";
  return "the run " + added.name + " cannot go beside the run " + std::string(name) + ": `" + side + "` of its rule '" +
         rules[first.rule].name + "': " + first.problem.what;
}

}  // namespace keyshift::control
