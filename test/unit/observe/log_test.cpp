#include "observe/log.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace keyshift;
using namespace keyshift::observe;

TEST_CASE("a text line stays one line and its fields can be told apart, whatever a peer put into them") {
  CHECK(text_line("client gone", {{"key", "a\nb=\"c d\""}, {"n", 3}, {"rate", 0.5}, {"ok", true}}) ==
        R"(client gone key="a\x0ab=\"c d\"" n=3 rate=0.5 ok=true)");
  CHECK(text_line("m", {{"empty", ""}}) == R"(m empty="")");
}

TEST_CASE("a JSON line is one object with numbers as numbers, and takes bytes that are no UTF-8") {
  const std::string line = json_line("T", Severity::warning, "lost \xff", {{"key", "\xfe\""}, {"n", std::uint64_t{7}}});
  CHECK(line.find('\n') == std::string::npos);
  const auto read = nlohmann::json::parse(line);
  CHECK(read["time"] == "T");
  CHECK(read["level"] == "warning");
  CHECK(read["message"] == "lost \\xff");
  CHECK(read["key"] == "\\xfe\"");
  CHECK(read["n"] == 7);
}

TEST_CASE("a text from a peer is cut, so that nobody can fill the log with one line") {
  CHECK(text_line("m", {{"key", std::string(100000, 'x')}}).size() < 1000);
}

TEST_CASE("a site writes at most so many lines a second and then says how many were left out") {
  RateLimit limit(2);
  const Time begin = Time{} + seconds(100);
  CHECK(limit.admit(begin) == 0);
  CHECK(limit.admit(begin) == 0);
  CHECK(limit.admit(begin + milliseconds(500)) == std::nullopt);
  CHECK(limit.admit(begin + milliseconds(999)) == std::nullopt);
  CHECK(limit.admit(begin + seconds(1)) == 2);
  CHECK(limit.admit(begin + seconds(1)) == 0);
  CHECK(limit.admit(begin + seconds(1)) == std::nullopt);
}

TEST_CASE("levels and formats are read by the names that they are printed with") {
  for (const Severity s : {Severity::debug, Severity::info, Severity::warning, Severity::error})
    CHECK(severity_of(name(s)) == s);
  CHECK(severity_of("loud") == std::nullopt);
  CHECK(log_format_of("json") == LogFormat::json);
  CHECK(log_format_of("xml") == std::nullopt);
}

TEST_CASE("the level of a log can be changed while it is used") {
  Log log(LogFormat::text, Severity::error);
  CHECK(log.level() == Severity::error);
  log.set_level(Severity::debug);
  CHECK(log.level() == Severity::debug);
}
