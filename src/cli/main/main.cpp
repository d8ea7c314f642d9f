#include <cstdio>
#include <exception>

#include "cli/command_line.hpp"

int main(int argc, char** argv) {
  // What still throws here is a lack of memory, or a defect of ours: it ends in words, not in a crash.
  try {
    return keyshift::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "keyshift: %s\n", failure.what());
    return keyshift::cli::kFailed;
  }
}
