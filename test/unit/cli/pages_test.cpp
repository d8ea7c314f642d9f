#include <doctest/doctest.h>

#include "cli/completion.hpp"
#include "cli/reference_pages.hpp"
#include "golden/cli/page.hpp"

using namespace keyshift::cli;

TEST_CASE("the reference pages of docs/ are what the tables say") {
  const char* const hint = "run this program with KEYSHIFT_WRITE_DOCS=1 and commit the page";
  CHECK_MESSAGE(keyshift::test::page_is("docs/configuration.md", configuration_page()), hint);
  CHECK_MESSAGE(keyshift::test::page_is("docs/errors.md", errors_page()), hint);
  CHECK_MESSAGE(keyshift::test::page_is("docs/cli.md", cli_page()), hint);
}

TEST_CASE("completion knows every command and option, in each shell") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    REQUIRE(script.has_value());
    const std::string dashes = std::string(shell) == "fish" ? "-l " : "--";
    for (const CommandRow& command : commands()) CHECK(script->find(command.name) != std::string::npos);
    for (const OptionRow& row : options()) CHECK(script->find(dashes + std::string(row.name)) != std::string::npos);
  }
  CHECK_FALSE(completion_script("csh").has_value());
}
