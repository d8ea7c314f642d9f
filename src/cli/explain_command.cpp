#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/explain.hpp"
#include "cli/startup.hpp"

namespace keyshift::cli {

int run_explain(const Invocation& invocation) {
  const bool key = invocation.words.size() == 2 && invocation.behind.empty();
  const bool command = invocation.words.size() == 1 && !invocation.behind.empty();
  if (!key && !command) return report(fail(ErrorCode::usage, "explain wants FILE KEY, or FILE -- COMMAND ARG..."));
  const auto file = load_migration(invocation.words.front());
  if (!file) return report(file.error());
  const transforms::RuleSet rules(*file);
  nlohmann::json document;
  if (key) {
    document = explain_key(rules, invocation.words[1]);
  } else {
    const commands::Table table;
    const std::vector<BytesView> argv(invocation.behind.begin(), invocation.behind.end());
    document = explain_command(table, &rules, argv);
  }
  const std::string text = invocation.has("json") ? document.dump(2) + "\n" : explained_text(document);
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace keyshift::cli
