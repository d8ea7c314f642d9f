// Every file of test/golden/migration, with what is said about it beside it. KEYSHIFT_WRITE_DOCS=1 writes the expected
// texts and the generated pages anew; look at the difference before you commit it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "transforms/capture_class.hpp"
#include "transforms/migration_file.hpp"

using namespace keyshift;
using namespace keyshift::transforms;

namespace {

const std::filesystem::path kTest = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool writing() { return std::getenv("KEYSHIFT_WRITE_DOCS") != nullptr; }

void compare(const std::filesystem::path& path, const std::string& text) {
  if (writing()) std::ofstream(path, std::ios::binary) << text;
  CHECK_MESSAGE(content(path) == text, path.string() << " differs from:\n" << text);
}

std::string said_about(const std::filesystem::path& file) {
  const MigrationRead read = read_migration(content(file));
  std::string said = read.migration ? "accepted\n" : "";
  for (const Diagnostic& diagnostic : read.diagnostics) said += to_text(diagnostic, file.filename().string()) + "\n";
  // yaml-cpp 0.8 names the anchor, 0.7 does not.
  if (const auto at = said.find("not defined: nobody"); at != std::string::npos) said.erase(at + 11, 8);
  return said;
}

}  // namespace

TEST_CASE("everything that is wrong with a migration file is said at once, with its place and what to do") {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kTest / "golden" / "migration")) {
    if (entry.path().extension() == ".yaml") files.insert(entry.path());
  }
  CHECK(files.size() >= 18);
  for (const auto& file : files) {
    const std::string said = said_about(file);
    CHECK(file.filename().string().starts_with("accepted") == (said == "accepted\n"));
    compare(std::filesystem::path(file).replace_extension(".expected"), said);
  }
}

TEST_CASE("the JSON Schema that is shipped is the one that the table of fields gives") {
  compare(kTest.parent_path() / "docs" / "schema" / "migration.schema.json", migration_json_schema());
}

TEST_CASE("the page about the migration file is the one that the table of fields gives") {
  compare(kTest.parent_path() / "docs" / "migration-file.md", migration_file_page());
}

TEST_CASE("the page about key patterns names every class with what it holds") {
  const std::string page = content(kTest.parent_path() / "docs" / "key-patterns.md");
  for (const CaptureClassRow& row : capture_classes()) {
    std::string regex;
    for (const char c : row.regex) regex += c == '|' ? std::string("\\|") : std::string(1, c);
    const std::string line = "| `" + std::string(row.name) + "` | `" + regex + "` | " + std::string(row.meaning) + " |";
    CHECK_MESSAGE(page.find(line) != std::string::npos, "missing: " << line);
  }
}
