// "from \n to \n key": patterns that parse and are accepted as a rule turn a key round and back again, and a glob that
// is the key itself is not excluded.
#include "fuzz/cuts.hpp"
#include "transforms/explain_key.hpp"
#include "transforms/rule_check.hpp"

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

void turn_round(const RuleSet& rules, BytesView key) {
  to_text(explain_key(rules, key));
  const Match match = rules.match(key);
  if (match.rule < 0) return;
  Bytes other, back, glob;
  rules.other_name(match, key, other);
  const Match mirror = rules.match(other);
  fuzz::expect(mirror.rule == match.rule && mirror.side != match.side);
  rules.other_name(mirror, other, back);
  fuzz::expect(back == key);
  for (const char c : key) (glob += '\\') += c;
  fuzz::expect(!rules.glob_excludes(glob));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const std::size_t first = text.find('\n'), second = text.find('\n', first + 1);
  if (first == std::string::npos || second == std::string::npos) return 0;
  const auto from = KeyPattern::parse(text.substr(0, first));
  const auto to = KeyPattern::parse(text.substr(first + 1, second - first - 1));
  if (!from || !to) return 0;
  MigrationFile file;
  file.rules.push_back({"rule", *from, *to, "", true});
  if (!find_rule_problems(file.rules, false).empty()) return 0;
  const RuleSet rules(file);
  turn_round(rules, BytesView(text).substr(second + 1));
  static_cast<void>(rules.glob_excludes(BytesView(text).substr(second + 1)));
  return 0;
}
