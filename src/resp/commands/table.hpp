#pragma once
#include <deque>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "resp/commands/command.hpp"
#include "resp/commands/key_list.hpp"
#include "resp/commands/name_index.hpp"
#include "resp/reply.hpp"

namespace keyshift::commands {

/// The command table of one worker: what is known at build time plus what a server taught (modules).
/// Lookups are const, allocate nothing and are safe from any thread once learning is over. Rows keep their address.
class Table {
 public:
  /// All commands known at build time.
  Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The row for `argv`, a subcommand's own row where the command is a container ("CLIENT LIST"); nullptr when unknown.
  /// A container with an unknown or missing subcommand gives the container's row. argv must not be empty.
  [[nodiscard]] const Command* find(std::span<const BytesView> argv) const noexcept;

  /// True when the command has subcommands, so that its name alone does not tell the row.
  [[nodiscard]] bool container(const Command& command) const noexcept { return container_[command.id]; }

  /// False when redis-server would answer "wrong number of arguments".
  [[nodiscard]] static bool arity_fits(const Command& command, std::size_t arguments) noexcept {
    return command.arity >= 0 ? arguments == static_cast<std::size_t>(command.arity)
                              : arguments >= static_cast<std::size_t>(-command.arity);
  }

  /// True when `argv` may park its connection: the row is a blocking one, and XREAD and XREADGROUP say BLOCK.
  [[nodiscard]] static bool blocks(const Command& command, std::span<const BytesView> argv) noexcept;

  /// The row's gate, but `pass` for an XREAD or XREADGROUP that does not say BLOCK.
  [[nodiscard]] static Gate gate(const Command& command, std::span<const BytesView> argv) noexcept {
    return command.key_function == KeyFunction::xread && !blocks(command, argv) ? Gate::pass : command.gate;
  }

  /// Puts the keys of `argv` (whole request) into `out`, which is cleared first; in the order of the key specs, which
  /// is that of the arguments but for SORT and GEORADIUS, whose STORE comes last. Channels (SPUBLISH) are not keys.
  /// False when the request is malformed so that the keys cannot be told (bad numkeys, missing STREAMS): the server
  /// will refuse it, whatever it is sent to.
  static bool keys(const Command& command, std::span<const BytesView> argv, KeyList& out) {
    return keys_of_prefix(command, argv, argv.size(), out);
  }

  /// Keys of a request of which only the first `argv.size()` of `arguments` arguments are there; false also when a key
  /// may be among the missing ones. For big values that are streamed. Access may then be told too wide (SET: kRW).
  static bool keys_of_prefix(const Command& command, std::span<const BytesView> argv, std::size_t arguments,
                             KeyList& out);

  /// Adds the rows of a server's `COMMAND` reply that the table lacks; returns how many. Error `store` when the reply
  /// is not one of COMMAND. Their key specs are taken when given (7.0 and later), else first, last and step; names that
  /// nobody can place (a module's own getkeys function) leave KeyList::incomplete set.
  Result<std::size_t> learn(const resp::Reply& command_reply);

  /// All rows, index = Command::id.
  [[nodiscard]] std::span<const Command* const> all() const noexcept { return all_; }

 private:
  std::size_t learn_entry(const resp::Reply& entry, const Command* container);
  void enter(const Command& command);

  NameIndex index_;
  std::vector<const Command*> all_;
  std::vector<bool> container_;  ///< by id: has subcommands
  std::deque<Command> learnt_;
  std::deque<Bytes> texts_;  ///< what the views of learnt rows point to
};

}  // namespace keyshift::commands
