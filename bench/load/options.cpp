#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace keyshift::bench {
namespace {

[[noreturn]] void usage() {
  std::fputs(
      "usage: bench_load --port N [--host A.B.C.D] [--command get|set|fill|touch] [--connections N] [--pipeline N]\n"
      "                  [--value BYTES] [--keys N] [--key 'user:{}'] [--warmup S] [--seconds S] [--watch "
      "NAME=PID]...\n"
      "fill writes and touch reads every record once; get and touch expect what fill or set wrote. Prints one JSON "
      "object.\n",
      stderr);
  std::exit(2);
}

Command parse_command(std::string_view text) {
  if (text == "get") return Command::get;
  if (text == "set") return Command::set;
  if (text == "fill") return Command::fill;
  if (text == "touch") return Command::touch;
  usage();
}

void watch(Options& options, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) usage();
  options.watched.emplace_back(text.substr(0, equals), std::atoi(text.c_str() + equals + 1));
}

std::size_t size(const char* text) { return static_cast<std::size_t>(std::strtoull(text, nullptr, 10)); }

void apply(Options& options, std::string_view name, const char* value) {
  if (name == "--host")
    options.host = value;
  else if (name == "--port")
    options.port = std::atoi(value);
  else if (name == "--command")
    options.command = parse_command(value);
  else if (name == "--connections")
    options.connections = size(value);
  else if (name == "--pipeline")
    options.pipeline = size(value);
  else if (name == "--value")
    options.value_bytes = size(value);
  else if (name == "--keys")
    options.keys = size(value);
  else if (name == "--key")
    options.key = value;
  else if (name == "--warmup")
    options.warmup = std::atof(value);
  else if (name == "--seconds")
    options.seconds = std::atof(value);
  else if (name == "--watch")
    watch(options, value);
  else
    usage();
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  if (argc % 2 == 0) usage();
  for (int i = 1; i < argc; i += 2) apply(options, argv[i], argv[i + 1]);
  if (options.connections == 0 || options.pipeline == 0 || options.keys == 0 || options.value_bytes < 16) usage();
  if (options.key.find("{}") == std::string::npos) usage();
  return options;
}

}  // namespace keyshift::bench
