#include "transforms/rule_check.hpp"

#include "transforms/combined_dfa.hpp"
#include "transforms/hash_tag.hpp"
#include "transforms/regex.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::transforms {

namespace {

/// All names that begin with the reserved prefix.
Chain reserved_chain() {
  const std::string regex = std::string(kReservedPrefix) + ".*";
  return {{std::make_shared<const Dfa>(*compile_regex(regex).dfa)}};
}

/// Which pattern a chain of the combined automaton is.
struct Owner {
  std::size_t rule = 0;
  Side side = Side::from;
  bool reserved = false;
};

class RuleChecker {
 public:
  RuleChecker(std::vector<Rule>& rules, bool cluster) : rules_(rules), cluster_(cluster) {}

  std::vector<RuleFinding> run() {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (work_ > kAnalysisBudget) {
        find(i, {Side::from,
                 "the rules up to here take too long to be analysed; this one and those behind it were not looked at",
                 "use simpler classes, or split the migration"});
        return findings_;
      }
      check(i);
    }
    check_together();
    return findings_;
  }

 private:
  void find(std::size_t rule, RuleProblem problem) { findings_.push_back({rule, std::move(problem)}); }

  void check(std::size_t index) {
    Rule& rule = rules_[index];
    if (rule.from.text() == rule.to.text())
      return find(index,
                  {Side::to, "`from` and `to` are the same pattern: nothing would be renamed", "leave the rule out"});
    RuleCompilation compilation = compile_rule(rule.from, rule.to);
    work_ += compilation.work + rule.from.analysis_work() + rule.to.analysis_work();
    for (RuleProblem& problem : compilation.problems) find(index, std::move(problem));
    if (!compilation.problems.empty()) return;
    check_slot(index, compilation.automata);
    chains_.push_back(std::move(compilation.automata.from));
    owners_.push_back({index, Side::from, false});
    chains_.push_back(std::move(compilation.automata.to));
    owners_.push_back({index, Side::to, false});
  }

  void check_slot(std::size_t index, const RuleAutomata& automata) {
    Rule& rule = rules_[index];
    if (!cluster_) {
      rule.near = true;
      return;
    }
    const SlotProof proof = prove_one_slot(rule.from, rule.to, automata);
    rule.near = proof.one_slot;
    if (!proof.one_slot)
      find(index, {Side::to,
                   "in a Redis Cluster this rule moves records to other slots, which is refused for now: " + proof.why,
                   "give both sides the same hash tag, as in {user:<id:int>}"});
  }

  void check_together() {
    chains_.push_back(reserved_chain());
    owners_.push_back({0, Side::from, true});
    const CombinedDfa combined = combine(chains_);
    if (combined.too_large) {
      find(0, {Side::from, "all rules together need more than 60000 states",
               "use simpler classes, or split the migration"});
      return;
    }
    for (const Clash& clash : combined.clashes) report(clash);
  }

  /// Chains are in the order of the rules: `other` is the later pattern, or the reserved names.
  void report(const Clash& clash) {
    const Owner one = owners_[clash.one], other = owners_[clash.other];
    const std::string key = "'" + printable(clash.key) + "'";
    if (other.reserved) {
      find(one.rule, {one.side, "this pattern fits reserved names, such as " + key,
                      "names that begin with keyshift: are Keyshift's own; give the capture at the front a class that "
                      "cannot begin so"});
    } else if (one.rule == other.rule) {
      find(one.rule,
           {Side::to, "both sides of this rule fit the key " + key + ", so nobody could tell whether it has moved",
            "make the two patterns differ in a literal, or give the capture a class"});
    } else {
      find(other.rule,
           {other.side,
            "the key " + key + " fits this pattern and `" + side_name(one.side) + "` of rule '" +
                rules_[one.rule].name + "'",
            "a key may belong to one rule only; make the patterns differ in a literal, or give the captures classes"});
    }
  }

  static std::string side_name(Side side) { return side == Side::from ? "from" : "to"; }

  std::vector<Rule>& rules_;
  bool cluster_;
  std::size_t work_ = 0;
  std::vector<Chain> chains_;
  std::vector<Owner> owners_;
  std::vector<RuleFinding> findings_;
};

}  // namespace

std::vector<RuleFinding> find_rule_problems(std::vector<Rule>& rules, bool cluster) {
  return RuleChecker(rules, cluster).run();
}

}  // namespace keyshift::transforms
