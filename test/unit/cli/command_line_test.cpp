#include "cli/command_line.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "golden/cli/page.hpp"

using namespace keyshift;
using namespace keyshift::cli;

TEST_CASE("options, words and what stands behind two dashes are told apart") {
  const auto read = read_command_line({"explain", "--json", "file.yaml", "--", "SET", "--json", "--"});
  REQUIRE(read.has_value());
  CHECK(read->command == "explain");
  CHECK(read->has("json"));
  CHECK(read->words == std::vector<std::string>{"file.yaml"});
  CHECK(read->behind == std::vector<std::string>{"SET", "--json", "--"});
}

TEST_CASE("a word behind an option's value is a word, not another value") {
  const auto read =
      read_command_line({"fence", "--migration", "file.yaml", "app", "cron", "--keep", "a* b*", "--apply"});
  REQUIRE(read.has_value());
  CHECK(read->words == std::vector<std::string>{"app", "cron"});
  CHECK(read->options.at("migration").values == std::vector<std::string>{"file.yaml"});
  CHECK(read->own.at("keep") == "a* b*");
  CHECK_FALSE(read_command_line({"sweep", "--migration", "file.yaml", "stray"}).has_value());
}

TEST_CASE("an option is read in both spellings, and a list as often as it is given") {
  const auto read =
      read_command_line({"proxy", "--mode=new", "--listen", "1", "--listen", "unix:/a", "--allow-dangerous"});
  REQUIRE(read.has_value());
  CHECK(read->options.at("mode").values == std::vector<std::string>{"new"});
  CHECK(read->options.at("mode").where == "--mode");
  CHECK(read->options.at("listen").values == std::vector<std::string>{"1", "unix:/a"});
  CHECK(read->options.at("allow-dangerous").values == std::vector<std::string>{"true"});
}

TEST_CASE("wrong command lines are refused") {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"prxy"},
                                             {"proxy", "--mod", "new"},
                                             {"proxy", "stray"},
                                             {"proxy", "--mode"},
                                             {"proxy", "--mode", "a", "--mode", "b"},
                                             {"sweep", "--listen", "1"},
                                             {"explain", "a", "b", "c"},
                                             {"--loud"}}) {
    const auto read = read_command_line(wrong);
    CAPTURE(wrong.front());
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::usage);
  }
}

TEST_CASE("a password on the command line is refused and not repeated, wherever it stands") {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"proxy", "--upstream", "redis://u:hush@h:1"},
                                             {"proxy", "--upstream=redis://:hush@h"},
                                             {"redis://u:hush@h"},
                                             {"proxy", "redis://u:hush@[broken"},
                                             {"status", "--admin", "redis://u:hush@h"}}) {
    const auto read = read_command_line(wrong);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().what.find("hush") == std::string::npos);
    CHECK(read.error().what.find("--upstream-file") != std::string::npos);
  }
  CHECK(read_command_line({"proxy", "--upstream", "redis://h:1/0"}).has_value());
}

TEST_CASE("help is there for each command under three spellings") {
  CHECK(read_command_line({})->command == "help");
  CHECK(read_command_line({"--help"})->command == "help");
  CHECK(read_command_line({"--version"})->command == "version");
  for (const char* flag : {"-h", "--help"}) {
    const auto read = read_command_line({"proxy", "--threads", flag});
    REQUIRE(read.has_value());
    CHECK(read->command == "help");
    CHECK(read->words == std::vector<std::string>{"proxy"});
  }
}

TEST_CASE("no command line crashes the reader") {
  rc::check([](std::vector<std::string> arguments) {
    (void)read_command_line(arguments);
    arguments.insert(arguments.begin(), "proxy");
    (void)read_command_line(arguments);
  });
}

TEST_CASE("the help texts are those of test/golden/cli") {
  CHECK(test::page_is("test/golden/cli/help.txt", help_text()));
  for (const CommandRow& command : commands()) {
    CAPTURE(command.name);
    CHECK_MESSAGE(test::page_is("test/golden/cli/help_" + std::string(command.name) + ".txt", help_text(command)),
                  "run this program with KEYSHIFT_WRITE_DOCS=1, look at the difference, commit it");
  }
}

TEST_CASE("help names every option that a command takes, and fits a terminal") {
  for (const CommandRow& command : commands()) {
    const std::string help = help_text(command);
    for (const OptionRow& row : options()) {
      // `status` has an option of its own by the name of one of the table.
      const bool own =
          std::any_of(command.own.begin(), command.own.end(), [&](const OwnOption& o) { return o.name == row.name; });
      CAPTURE(row.name);
      CHECK((help.find("--" + std::string(row.name) + " ") != std::string::npos) == (own || takes(command, row)));
    }
    for (std::size_t begin = 0; begin < help.size();) {
      const std::size_t end = help.find('\n', begin);
      CHECK(end - begin <= 112);
      begin = end + 1;
    }
  }
}
