// Judges a recorded history: `history_check FILE [--json] [--tolerance-ms N] [--limit N]`, `-` for standard input.
// Status 0: linearizable; 1: not; 2: wrong usage or file; 3: too hard to decide.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "checker/history_file.hpp"
#include "checker/verdict.hpp"

namespace {

using namespace keyshift::history;

void print(const Verdict& verdict, std::size_t refused) {
  for (const Violation& violation : verdict.violations) std::cout << show(violation);
  for (const auto& key : verdict.undecided) std::cout << "too hard to decide: the records with " << key << "\n";
  std::cout << (verdict.linearizable()       ? "linearizable"
                : verdict.violations.empty() ? "undecided"
                                             : "not linearizable")
            << ": " << verdict.operations << " operations, " << verdict.unknown << " writes of unknown outcome, "
            << refused << " refused, " << verdict.components << " components, " << verdict.concurrency_median
            << " at once in the median, " << verdict.concurrency_most << " at most\n";
}

void print_json(const Verdict& verdict, std::size_t refused) {
  nlohmann::json violations = nlohmann::json::array();
  for (const Violation& violation : verdict.violations)
    violations.push_back({{"keys", violation.keys}, {"line", violation.culprit->line}, {"text", show(violation)}});
  std::cout << nlohmann::json{{"linearizable", verdict.linearizable()},
                              {"operations", verdict.operations},
                              {"unknown", verdict.unknown},
                              {"refused", refused},
                              {"components", verdict.components},
                              {"violations", violations},
                              {"undecided", verdict.undecided},
                              {"concurrency_median", verdict.concurrency_median},
                              {"concurrency_most", verdict.concurrency_most},
                              {"most_configurations", verdict.most_configurations}}
                   .dump()
            << "\n";
}

int usage() {
  std::fputs("usage: history_check FILE [--json] [--tolerance-ms N] [--limit N]\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const char* file = nullptr;
  bool json = false;
  SearchSettings settings;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0)
      json = true;
    else if (std::strcmp(argv[i], "--tolerance-ms") == 0 && i + 1 < argc)
      settings.tolerance = std::atoll(argv[++i]) * 1'000'000;
    else if (std::strcmp(argv[i], "--limit") == 0 && i + 1 < argc)
      settings.limit = static_cast<std::size_t>(std::atoll(argv[++i]));
    else if (!file && (argv[i][0] != '-' || argv[i][1] == 0))
      file = argv[i];
    else
      return usage();
  }
  if (!file) return usage();
  std::ifstream opened;
  const bool standard = std::strcmp(file, "-") == 0;
  if (!standard) opened.open(file);
  if (!standard && !opened) {
    std::fprintf(stderr, "history_check: %s cannot be read\n", file);
    return 2;
  }
  std::string wrong;
  auto recorded = read_history(standard ? std::cin : opened, wrong);
  const auto verdict = recorded ? judge(recorded->operations, settings, wrong) : std::nullopt;
  if (!verdict) {
    std::fprintf(stderr, "history_check: %s: %s\n", file, wrong.c_str());
    return 2;
  }
  json ? print_json(*verdict, recorded->refused) : print(*verdict, recorded->refused);
  return verdict->linearizable() ? 0 : verdict->violations.empty() ? 3 : 1;
}
