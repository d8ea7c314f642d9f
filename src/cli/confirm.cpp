#include "cli/confirm.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace keyshift::cli {

Result<void> confirmed(const Invocation& invocation, const std::string& question) {
  if (invocation.has("yes")) return {};
  if (::isatty(STDIN_FILENO) != 1)
    return fail(ErrorCode::gate, "nobody is there to confirm it: --yes does it without asking");
  std::fputs((question + " (yes) ").c_str(), stderr);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes") return {};
  return fail(ErrorCode::gate, "not confirmed, nothing was changed");
}

}  // namespace keyshift::cli
