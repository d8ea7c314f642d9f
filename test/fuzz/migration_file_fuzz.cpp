// Any text gives a migration or diagnostics, never both or neither; what is accepted compiles, and its patterns keep
// their promise; what is said about a text stays inside of it.
#include <algorithm>

#include "fuzz/cuts.hpp"
#include "transforms/explain_key.hpp"

using namespace keyshift;
using namespace keyshift::transforms;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const MigrationRead read = read_migration(text);
  fuzz::expect(read.migration.has_value() == read.diagnostics.empty());
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) +
                     static_cast<std::size_t>(std::count(text.begin(), text.end(), '\r')) + 1;
  for (const Diagnostic& diagnostic : read.diagnostics) {
    fuzz::expect(diagnostic.line <= lines && !diagnostic.what.empty());
    fuzz::expect(!to_text(diagnostic, "file").empty());
  }
  if (!read.migration) return 0;
  const RuleSet rules(*read.migration);
  for (const Rule& rule : read.migration->rules) explain_key(rules, rule.from.text());
  return 0;
}
