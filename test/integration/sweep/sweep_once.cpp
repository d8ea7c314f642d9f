// A sweep of its own for tests and benchmarks: sweep_once URL MODE KEYS_PER_SECOND LATENCY_MS CONFLICT RULE...
// RULE is name|from|to. Prints its progress as one JSON object per line, ten times a second and at the end.
// Reads "pause", "resume", "stop" from its standard input.
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "driver/sweeper.hpp"

using namespace keyshift;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

nlohmann::json json_of(const migration::RuleCounts& c) {
  return {{"found", c.found},
          {"moved", c.moved},
          {"gone", c.gone},
          {"conflicts", c.conflicts},
          {"quarantined", c.quarantined},
          {"failed", c.failed}};
}

void print(const driver::SweepProgress& p) {
  nlohmann::json out{{"state", name(p.state)},
                     {"waits", name(p.waits)},
                     {"detail", p.detail},
                     {"pass", p.pass},
                     {"pass_estimate", p.pass_estimate},
                     {"clean_pass", p.clean_pass},
                     {"total", json_of(p.total)},
                     {"scanned", p.scanned},
                     {"allowed", p.allowed_keys_per_second},
                     {"latency", p.server_latency_seconds},
                     {"conflicts", p.conflicts},
                     {"resumed_cursor", p.resumed_cursor},
                     {"keys_per_second", p.keys_per_second},
                     {"cpu_seconds", cpu_seconds()}};
  for (const auto& counts : p.by_rule) out["rules"].push_back(json_of(counts));
  for (std::size_t i = 0; i < p.throttled_seconds.size(); ++i)
    out["throttled"][std::string(name(static_cast<migration::WaitReason>(i)))] = p.throttled_seconds[i];
  std::cout << out.dump() << std::endl;
}

transforms::Rule rule_of(const std::string& text) {
  const auto first = text.find('|');
  const auto second = text.find('|', first + 1);
  transforms::Rule rule;
  rule.name = text.substr(0, first);
  const auto from = transforms::KeyPattern::parse(text.substr(first + 1, second - first - 1));
  const auto to = transforms::KeyPattern::parse(text.substr(second + 1));
  if (!from || !to) {
    std::cerr << "invalid rule " << text << "\n";
    std::exit(2);
  }
  rule.from = from.value();
  rule.to = to.value();
  return rule;
}

void obey(driver::Sweeper& sweeper) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, 0) != 1) return;
  std::string word;
  if (!std::getline(std::cin, word)) return;
  if (word == "pause") sweeper.pause();
  if (word == "resume") sweeper.resume();
  if (word == "stop") sweeper.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  const auto url = store::Url::parse(argv[1]);
  const auto mode = migration::mode_of(argv[2]);
  if (!url || !mode) return 2;
  transforms::MigrationFile file;
  file.name = "test-run";
  file.source.url = argv[1];
  const std::string conflict = argv[5];
  using Conflict = transforms::Policy::Conflict;
  file.policy.conflict = conflict == "keep-old" ? Conflict::keep_old
                         : conflict == "stop"   ? Conflict::stop
                                                : Conflict::keep_new;
  for (int i = 6; i < argc; ++i) file.rules.push_back(rule_of(argv[i]));

  driver::SweeperOptions options;
  options.upstream = url.value();
  options.rules = std::make_shared<const transforms::RuleSet>(file);
  options.mode = *mode;
  options.sweep.max_keys_per_second = static_cast<std::uint32_t>(std::atoi(argv[3]));
  options.sweep.max_server_latency = std::chrono::milliseconds(std::atoi(argv[4]));
  options.run = file.name;
  options.connection_name = "keyshift:test:0.local";
  auto started = driver::Sweeper::start(std::move(options));
  if (!started) {
    std::cerr << started.error().what << "\n";
    return 2;
  }
  const auto sweeper = std::move(started).value();
  while (!sweeper->wait(milliseconds(100))) {
    print(sweeper->progress());
    obey(*sweeper);
  }
  print(sweeper->progress());
  return sweeper->progress().clean_pass ? 0 : 1;
}
