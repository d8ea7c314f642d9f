#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/demo_verdict.hpp"
#include "cli/option_values.hpp"

namespace keyshift::cli {

/// Not for people: the demo starts it, as a process that knows nothing but the file and the server.
int run_demo_verdict(const Invocation& invocation) {
  if (invocation.words.empty() || !invocation.has("port"))
    return report(fail(ErrorCode::usage, "demo-verdict FILE --port PORT"));
  const auto port = read_number(invocation.own.at("port"));
  if (!port || *port == 0 || *port > 65535) return report(fail(ErrorCode::usage, "--port: not a port"));
  std::ifstream in(invocation.words.front(), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad())
    return report(fail(ErrorCode::file, printable(invocation.words.front()) + ": cannot be read"));
  const auto verdict = demo::judge(text, static_cast<std::uint16_t>(*port));
  if (!verdict) return report(verdict.error());
  std::printf("%s\n", demo::verdict_document(*verdict).dump().c_str());
  return verdict->passed() ? kDone : kFailed;
}

}  // namespace keyshift::cli
