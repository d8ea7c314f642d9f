#include <doctest/doctest.h>

#include "requests.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

using test::views;
using test::words;

Gate gate_of(BytesView line) {
  static const Table table;
  const auto w = words(line);
  const Command* const row = table.find(views(w));
  REQUIRE(row != nullptr);
  return Table::gate(*row, views(w));
}

TEST_CASE("nothing that the server calls blocking may share a connection") {
  const Table table;
  for (const Command* row : table.all())
    if ((row->flags & kBlocking) != 0) CHECK_MESSAGE(row->gate == Gate::pinned, row->name);
}

TEST_CASE("XREAD parks its connection only when it says BLOCK") {
  CHECK(gate_of("XREAD COUNT 1 STREAMS BLOCK 0") == Gate::pass);
  CHECK(gate_of("XREAD BLOCK 0 STREAMS k $") == Gate::pinned);
  CHECK(gate_of("XREADGROUP GROUP BLOCK BLOCK STREAMS k >") == Gate::pass);
  CHECK(gate_of("XREADGROUP GROUP g c block 5 STREAMS k >") == Gate::pinned);
}

TEST_CASE("what leaves something on its connection does not share one") {
  for (const char* line : {"WAIT 0 0", "WAITAOF 0 0 0", "ASKING", "READONLY", "READWRITE", "SCRIPT DEBUG YES",
                           "DEBUG SLEEP 0", "BLMPOP 0 1 k LEFT"})
    CHECK_MESSAGE(gate_of(line) == Gate::pinned, line);
}

TEST_CASE("what ends a running script does not queue up behind it") {
  for (const char* line : {"SCRIPT KILL", "FUNCTION KILL", "FUNCTION STATS"})
    CHECK_MESSAGE(gate_of(line) == Gate::pinned, line);
}

TEST_CASE("every subcommand of CLIENT is answered with the session in view") {
  const Table table;
  for (const Command* row : table.all())
    if (row->name.starts_with("CLIENT")) CHECK_MESSAGE(row->gate == Gate::client, row->name);
}

TEST_CASE("a row that takes elements away, or sets an expiry, may leave its key absent") {
  const Table table;
  for (const Command* row : table.all()) {
    bool deletes = false;
    for (const KeySpec& spec : row->specs()) deletes |= (spec.flags & kDelete) != 0 && (spec.flags & kNotKey) == 0;
    // Streams stay when their last entry goes, and so do groups.
    if (deletes && !row->name.starts_with("X")) CHECK_MESSAGE((row->flags & kMayDelete) != 0, row->name);
    if (row->name.find("EXPIRE") != BytesView::npos && (row->flags & kWrite) != 0)
      CHECK_MESSAGE((row->flags & kMayDelete) != 0, row->name);
    if (row->name.ends_with("STORE") && row->key_spec_count > 0 && (row->flags & kWrite) != 0)
      CHECK_MESSAGE((row->flags & kMayDelete) != 0, row->name);
  }
}

TEST_CASE("blocking rows say where their timeout is") {
  const Table table;
  for (const Command* row : table.all())
    if ((row->flags & kBlocking) != 0 && row->key_function != KeyFunction::xread)
      CHECK_MESSAGE(row->timeout_argument != 0, row->name);
}

}  // namespace
}  // namespace keyshift::commands
