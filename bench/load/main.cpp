// The load generator of the bench: one JSON object on standard output, status 1 when a reply was wrong.
#include <cstdio>
#include <string>

#include "generator.hpp"

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126)
      out += '.';
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace

int main(int argc, char** argv) {
  using namespace keyshift::bench;
  const Options options = parse_options(argc, argv);
  const Result result = Generator(options).run();
  const double requests = static_cast<double>(result.requests == 0 ? 1 : result.requests);
  const auto us = [&](double share) { return static_cast<double>(result.latency.at(share)) / 1000; };
  std::printf("{\"requests\": %llu, \"seconds\": %.4f, \"per_second\": %.0f, ",
              static_cast<unsigned long long>(result.requests), result.seconds,
              static_cast<double>(result.requests) / result.seconds);
  std::printf("\"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"client_cpu_us\": %.4f, \"cpu_us\": {", us(0.5),
              us(0.99), us(0.999), result.own_cpu * 1e6 / requests);
  for (std::size_t i = 0; i < options.watched.size(); ++i)
    std::printf("%s%s: %.4f", i == 0 ? "" : ", ", quoted(options.watched[i].first).c_str(),
                result.watched_cpu[i] * 1e6 / requests);
  std::printf("}, \"error\": %s}\n", result.error.empty() ? "null" : quoted(result.error).c_str());
  return result.error.empty() ? 0 : 1;
}
