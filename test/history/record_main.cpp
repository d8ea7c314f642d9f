// Records a history: what it writes and how to use it stands in docs/histories.md. One JSON object on standard output.
#include <cstdio>

#include "recorder/load.hpp"

int main(int argc, char** argv) {
  using namespace keyshift::history;
  const Options options = parse_options(argc, argv);
  Journal journal(options.out);
  const Instant began = now();
  bool fine = true;
  if (options.work == "load")
    load(options, journal);
  else
    fine = options.work == "fill" ? fill(options, journal) : read_back(options, journal);
  if (!journal.flush()) {
    std::fprintf(stderr, "history_record: %s cannot be written\n", options.out.c_str());
    fine = false;
  }
  std::printf("{\"operations\": %llu, \"unknown\": %llu, \"refused\": %llu, \"seconds\": %.3f}\n",
              static_cast<unsigned long long>(journal.written), static_cast<unsigned long long>(journal.lost),
              static_cast<unsigned long long>(journal.not_run), static_cast<double>(now() - began) / 1e9);
  return fine ? 0 : 1;
}
