#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "resp/commands/row_notation.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

const char* gate_name(Gate gate) {
  switch (gate) {
    case Gate::pass:
      return "pass";
    case Gate::pinned:
      return "pinned";
    case Gate::multi:
      return "multi";
    case Gate::exec:
      return "exec";
    case Gate::discard:
      return "discard";
    case Gate::watch:
      return "watch";
    case Gate::unwatch:
      return "unwatch";
    case Gate::subscribe:
      return "subscribe";
    case Gate::unsubscribe:
      return "unsubscribe";
    case Gate::monitor:
      return "monitor";
    case Gate::select:
      return "select";
    case Gate::auth:
      return "auth";
    case Gate::hello:
      return "hello";
    case Gate::reset:
      return "reset";
    case Gate::quit:
      return "quit";
    case Gate::client:
      return "client";
    case Gate::scan:
      return "scan";
    case Gate::keyspace:
      return "keyspace";
    case Gate::flush:
      return "flush";
    case Gate::move_database:
      return "move database";
    case Gate::sync:
      return "sync";
  }
  return "?";
}

const char* names_in_reply(ReplyNames names) {
  switch (names) {
    case ReplyNames::none:
      return "";
    case ReplyNames::whole:
      return "the reply";
    case ReplyNames::array:
      return "each element";
    case ReplyNames::first:
      return "first element";
    case ReplyNames::streams:
      return "of each stream";
    case ReplyNames::scan:
      return "behind the cursor";
    case ReplyNames::key_at_pairs:
      return "first of each element";
    case ReplyNames::log:
      return "keys of each command";
  }
  return "?";
}

/// `text` as it may stand in a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out.empty() ? out : "`" + out + "`";
}

std::string ours(std::uint32_t flags) {
  std::string out;
  for (const notation::FlagName& f : notation::flag_names)
    if ((flags & f.bit) != 0 && (f.bit >= kMayDelete || f.bit == kWrite || f.bit == kReadonly))
      out += (out.empty() ? "" : ", ") + std::string(f.name);
  return out;
}

std::string since(const Command& row) {
  return std::string(row.valkey ? "Valkey " : "") + std::to_string(row.first_version[0]) + "." +
         std::to_string(row.first_version[1]);
}

const char* const kHead = R"(# Commands

Generated from the rows in `src/resp/commands/rows_*.inc`; a unit test compares this page with them
(`KEYSHIFT_WRITE_DOCS=1 unit_commands` writes it anew). A contract test compares the rows with `COMMAND` of a real server.

- **Arguments**: a lower-case word is one argument and names its role, an upper-case one is written as it stands; `x:key`
  is a key by the name of x; `[x]` may be left out, `(x)` groups, `x|y` is one of them, `x...` repeats.
- **Gate**: what a session does before any rule is asked. `pass`: may share an upstream connection with other clients;
  `pinned`: gets a connection of its own (XREAD and XREADGROUP only with BLOCK); the others are handled by name.
- **Names in the reply**: where key names stand that are given back in the app's view.
- **may-delete**: may leave its key absent; **script**: touches keys that nobody sees; **whole-database**: concerns keys
  that it does not name; **per-node**: the answer is of one server; **dangerous**: refused to apps unless allowed.

Commands of modules are not here: they are learnt from the server's `COMMAND` at start.

| command | arguments | arity | since | gate | names in the reply | properties |
|---|---|---|---|---|---|---|
)";

std::string markdown() {
  const Table table;
  std::vector<const Command*> rows(table.all().begin(), table.all().end());
  std::sort(rows.begin(), rows.end(), [](const Command* a, const Command* b) { return a->name < b->name; });
  std::string out = kHead;
  for (const Command* row : rows)
    out += "| " + std::string(row->name) + " | " + cell(row->arguments) + " | " + std::to_string(row->arity) + " | " +
           since(*row) + " | " + gate_name(row->gate) + " | " + names_in_reply(row->reply_names) + " | " +
           ours(row->flags) + " |\n";
  return out + "\n" + std::to_string(rows.size()) + " rows.\n";
}

TEST_CASE("docs/commands.md says what the table says") {
  const auto page = std::filesystem::path(__FILE__).parent_path() / "../../../docs/commands.md";
  if (std::getenv("KEYSHIFT_WRITE_DOCS")) std::ofstream(page) << markdown();
  std::ostringstream text;
  text << std::ifstream(page).rdbuf();
  const bool same = text.str() == markdown();
  CHECK_MESSAGE(same, "run this program with KEYSHIFT_WRITE_DOCS=1 and commit docs/commands.md");
}

}  // namespace
}  // namespace keyshift::commands
