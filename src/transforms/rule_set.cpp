#include "transforms/rule_set.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "transforms/glob_automaton.hpp"
#include "transforms/key_cutter.hpp"
#include "transforms/key_table.hpp"
#include "transforms/source_url.hpp"

namespace keyshift::transforms {

namespace {

/// One side of a rule, ready to be cut and to be written.
struct CompiledSide {
  CompiledSide(const KeyPattern& pattern, const Chain& chain) : cutter(pattern, chain) {}
  static constexpr std::size_t kLiteral = BytesView::npos;

  /// A piece of this side, as it is written from a key of the other side.
  struct Part {
    BytesView literal;       ///< of the rule's pattern
    std::size_t source = 0;  ///< index of the piece on the other side that holds the same capture, or kLiteral
  };

  KeyCutter cutter;
  std::vector<Part> parts;
};

void link(CompiledSide& side, const KeyPattern& pattern, const KeyPattern& other) {
  for (const Piece& piece : pattern.pieces()) {
    const auto same = [&](const Piece& candidate) { return candidate.capture && candidate.name == piece.name; };
    const auto source = std::find_if(other.pieces().begin(), other.pieces().end(), same) - other.pieces().begin();
    side.parts.push_back({piece.literal, piece.capture ? static_cast<std::size_t>(source) : CompiledSide::kLiteral});
  }
}

std::vector<RuleAutomata> compile_all(const std::vector<Rule>& rules) {
  std::vector<RuleAutomata> all;
  for (const Rule& rule : rules) {
    RuleCompilation compilation = compile_rule(rule.from, rule.to);
    KS_CHECK(compilation.problems.empty(), "the rules of a RuleSet were checked when their file was read");
    all.push_back(std::move(compilation.automata));
  }
  return all;
}

CombinedDfa combine_sides(const std::vector<RuleAutomata>& automata) {
  std::vector<Chain> chains;
  for (const RuleAutomata& rule : automata) chains.push_back(rule.from), chains.push_back(rule.to);
  CombinedDfa combined = combine(chains);
  KS_CHECK(combined.clashes.empty(), "the rules of a RuleSet do not clash");
  return combined;
}

}  // namespace

struct RuleSet::Compiled {
  Compiled(std::vector<Rule> all, const std::vector<RuleAutomata>& automata, const Policy& of_file, int of_records)
      : rules(std::move(all)), policy(of_file), database(of_records), table(combine_sides(automata)) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      sides.emplace_back(rules[i].from, automata[i].from);
      link(sides.back(), rules[i].from, rules[i].to);
      sides.emplace_back(rules[i].to, automata[i].to);
      link(sides.back(), rules[i].to, rules[i].from);
    }
  }
  [[nodiscard]] std::size_t side_index(const Match& match) const {
    KS_CHECK(match.rule >= 0 && static_cast<std::size_t>(match.rule) < rules.size(), "the match is one of match()");
    return static_cast<std::size_t>(match.rule) * 2 + (match.side == Side::to ? 1 : 0);
  }

  std::vector<Rule> rules;
  Policy policy;
  int database;
  KeyTable table;
  std::vector<CompiledSide> sides;  ///< rule * 2, then rule * 2 + 1 for Side::to: the numbers of the chains in `table`
};

RuleSet::RuleSet(const MigrationFile& file) : RuleSet(file.rules, file.policy, database_of(file.source.url)) {}

RuleSet::RuleSet(std::vector<Rule> rules, const Policy& policy, int database) {
  const std::vector<RuleAutomata> automata = compile_all(rules);
  compiled_ = std::make_unique<const Compiled>(std::move(rules), automata, policy, database);
}

RuleSet::~RuleSet() = default;

Match RuleSet::match(BytesView key) const noexcept {
  const std::int32_t chain = compiled_->table.classify(key);
  if (chain < 0) return {};
  return {chain / 2, chain % 2 == 0 ? Side::from : Side::to};
}

void RuleSet::other_name(const Match& match, BytesView key, Bytes& out) const {
  const std::size_t index = compiled_->side_index(match);
  // A pattern's captures and the literals around them; none of it needs to be cleared first.
  struct Span {
    std::size_t begin, size;
  };
  std::array<Span, 2 * KeyPattern::max_captures + 1> spans;
  compiled_->sides[index].cutter.cut(key, [&](std::size_t piece, BytesView bytes) {
    spans[piece] = {static_cast<std::size_t>(bytes.data() - key.data()), bytes.size()};
  });
  out.clear();
  for (const CompiledSide::Part& part : compiled_->sides[index ^ 1].parts) {
    if (part.source == CompiledSide::kLiteral)
      out.append(part.literal);
    else
      out.append(key.data() + spans[part.source].begin, spans[part.source].size);
  }
}

std::vector<Captured> RuleSet::captures(const Match& match, BytesView key) const {
  const CompiledSide& here = compiled_->sides[compiled_->side_index(match)];
  const Rule& rule = compiled_->rules[static_cast<std::size_t>(match.rule)];
  const std::vector<Piece>& pieces = (match.side == Side::from ? rule.from : rule.to).pieces();
  std::vector<Captured> captured;
  here.cutter.cut(key, [&](std::size_t piece, BytesView bytes) {
    if (pieces[piece].capture) captured.push_back({pieces[piece].name, bytes});
  });
  return captured;
}

bool RuleSet::glob_excludes(BytesView pattern) const { return !glob_meets(read_glob(pattern), compiled_->table); }

const std::vector<Rule>& RuleSet::rules() const noexcept { return compiled_->rules; }
int RuleSet::database() const noexcept { return compiled_->database; }
const Policy& RuleSet::policy() const noexcept { return compiled_->policy; }
std::size_t RuleSet::table_memory() const noexcept { return compiled_->table.memory(); }

}  // namespace keyshift::transforms
