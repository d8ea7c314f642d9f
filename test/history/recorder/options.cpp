#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace keyshift::history {

namespace {

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(
      stderr,
      "history_record: %s\n"
      "usage: history_record fill|load|read-back --port N[:old|:new]... --out FILE --family OLD=NEW... [--seconds S]\n"
      "  [--seed N] [--clients N] [--first-client N] [--units N] [--hot N] [--dwell-ms N] [--hot-percent N]\n"
      "  [--crowd N] [--pipeline N] [--patience-ms N]\n",
      why.c_str());
  std::exit(2);
}

std::uint64_t number(const std::string& text) {
  char* end = nullptr;
  const auto value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != 0) fail(text + " is no number");
  return value;
}

Port port(const std::string& text) {
  const auto colon = text.find(':');
  const std::string side = colon == std::string::npos ? "old" : text.substr(colon + 1);
  if (side != "old" && side != "new") fail("a side is old or new, not " + side);
  return {static_cast<std::uint16_t>(number(text.substr(0, colon))), side == "old" ? Side::older : Side::newer};
}

std::pair<std::string, std::string> family(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) fail("a family is OLD=NEW");
  const std::pair<std::string, std::string> names{text.substr(0, equals), text.substr(equals + 1)};
  if (names.first.find('%') == std::string::npos || names.second.find('%') == std::string::npos)
    fail("both names of a family need a %");
  return names;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  if (argc < 2) fail("what to do is missing");
  options.work = argv[1];
  if (options.work != "fill" && options.work != "load" && options.work != "read-back")
    fail("fill, load or read-back, not " + options.work);
  for (int i = 2; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) fail(name + " wants a value");
    const std::string value = argv[i + 1];
    const auto small = [&] { return static_cast<std::uint32_t>(number(value)); };
    if (name == "--port")
      options.ports.push_back(port(value));
    else if (name == "--out")
      options.out = value;
    else if (name == "--family")
      options.families.push_back(family(value));
    else if (name == "--seconds")
      options.seconds = std::atof(value.c_str());
    else if (name == "--seed")
      options.seed = number(value);
    else if (name == "--clients")
      options.clients = small();
    else if (name == "--first-client")
      options.first_client = small();
    else if (name == "--units")
      options.units = small();
    else if (name == "--hot")
      options.hot = small();
    else if (name == "--dwell-ms")
      options.dwell_ms = small();
    else if (name == "--hot-percent")
      options.hot_percent = small();
    else if (name == "--crowd")
      options.crowd = small();
    else if (name == "--pipeline")
      options.pipeline = small();
    else if (name == "--patience-ms")
      options.patience_ms = small();
    else
      fail("unknown option " + name);
  }
  if (options.ports.empty() || options.out.empty() || options.families.empty())
    fail("--port, --out and --family are needed");
  if (options.clients == 0 || options.units == 0 || options.hot == 0 || options.pipeline == 0 || options.crowd == 0 ||
      options.dwell_ms == 0)
    fail("a number is 0 that may not be");
  return options;
}

}  // namespace keyshift::history
